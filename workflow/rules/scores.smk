"""Scores and what they say. From: the records and networks of all runs. To: results/experiments/{experiment}/

scores/dynamics.parquet (every run); where there are folds, scores/label_quality.parquet, held-out.parquet (probabilities),
scores/memorization.parquet (of all runs together) and memorization.parquet (of those of each seed); scores/label_error.parquet with label-errors.parquet
(how many labels are wrong), label-confusion.parquet (by classes) and label-error-seeds.parquet; scores.parquet (every example, over the runs, of all
families); correlation, stability, seed-correlation, truth-correlation and average_precision.parquet; suspects.csv and .parquet. And
results/detection/.
"""


rule score_dynamics:
    """Scores every example by how each run learns it."""
    input:
        records=of_wildcards(plan.scores.dynamics_records),
    output:
        paths.family("dynamics"),
    log:
        paths.log("experiments/{experiment}/score_dynamics"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_dynamics")
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_dynamics),
    shell:
        command("score_dynamics", inputs="records")


rule score_label_quality:
    """Scores every example by the networks that held it out, and estimates how many labels are wrong."""
    input:
        checkpoints=lambda w: plan.of_runs(paths.CHECKPOINTS, w.experiment),
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        scores=paths.family("label_quality"),
        estimates=paths.LABEL_QUALITY,
        held_out=paths.HELD_OUT,
    log:
        paths.log("experiments/{experiment}/score_label_quality"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_label_quality")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_folds),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_label_quality),
    shell:
        command(
            "score_label_quality",
            "threads workers",
            inputs="checkpoints labels pixels files",
            outputs="output=scores estimates held_out",
        )


rule score_memorization:
    """Scores every example by how its own training changes what the networks make of it."""
    input:
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
    output:
        scores=paths.family("memorization"),
        seeds=paths.MEMORIZATION_OF_SEEDS,
    log:
        paths.log("experiments/{experiment}/score_memorization"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_memorization")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_folds),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_memorization),
    shell:
        command("score_memorization", inputs="records", outputs="output=scores seeds")


rule score_label_error:
    """Scores every example by how likely its label is wrong, and estimates how many labels are."""
    input:
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
        views=of_wildcards(plan.scores.augmented_copies),
        held_out=of_wildcards(plan.scores.held_out_probabilities),
        features=lambda w: plan.scores.feature_tables(paths.family("features"), w.experiment),
        probe=of_wildcards(plan.scores.further_probe),
        given=of_wildcards(plan.scores.given_probabilities),
    output:
        scores=paths.family("label_error"),
        seeds=paths.LABEL_ERROR_OF_SEEDS,
        errors=paths.LABEL_ERRORS,
        confusion=paths.LABEL_CONFUSION,
    log:
        paths.log("experiments/{experiment}/score_label_error"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_label_error")
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_label_error),
    shell:
        command(
            "score_label_error",
            inputs="labels examples records views held_out features probe given",
            outputs="output=scores seeds errors confusion",
        )


rule collect_scores:
    """Joins all families of scores into one table, with means and deviations over the runs."""
    input:
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        families=of_wildcards(plan.scores.families_of),
    output:
        paths.SCORES,
    log:
        paths.log("experiments/{experiment}/collect_scores"),
    benchmark:
        paths.benchmark("experiments/{experiment}/collect_scores")
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.collect_scores),
    shell:
        command("collect_scores", inputs="labels examples families")


rule compute_correlation:
    """Computes the rank correlation of scores and their stability over seeds."""
    input:
        scores=paths.SCORES,
        families=of_wildcards(plan.scores.families_over_seeds),
    output:
        correlation=paths.CORRELATION,
        stability=paths.STABILITY,
        seeds=paths.SEED_CORRELATION,
    log:
        paths.log("experiments/{experiment}/compute_correlation"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_correlation")
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.compute_correlation),
    shell:
        command("compute_correlation", inputs="scores families", outputs="output=correlation stability seeds")


rule rank_suspects:
    """Lists the examples whose labels deserve a second look."""
    input:
        scores=paths.SCORES,
        errors=paths.LABEL_ERRORS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
        similar=of_wildcards(plan.scores.near_duplicates),
        features=lambda w: plan.scores.feature_tables(plan.features.path(paths.FEATURES, w.experiment), w.experiment),
    output:
        list=paths.SUSPECTS,
        table=paths.SUSPECTS_TABLE,
        evidence=paths.EVIDENCE,
    log:
        paths.log("experiments/{experiment}/rank_suspects"),
    benchmark:
        paths.benchmark("experiments/{experiment}/rank_suspects")
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.rank_suspects),
    shell:
        command(
            "rank_suspects",
            inputs="scores errors examples records similar features",
            outputs="output=list table evidence",
        )


rule compute_truth_correlation:
    """Correlates scores with truth columns that hold numbers."""
    input:
        scores=paths.SCORES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        paths.TRUTH_CORRELATION,
    log:
        paths.log("experiments/{experiment}/compute_truth_correlation"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_truth_correlation")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_truth),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.compute_truth_correlation),
    shell:
        command("compute_truth_correlation", inputs="scores examples")


rule compute_detection:
    """Tests how well every score finds what is known to be wrong."""
    input:
        scores=lambda w: plan.scores.detected(paths.SCORES, w.detection),
        families=lambda w: plan.scores.families_over_seeds(plan.scores.detections[w.detection]["experiment"]),
        examples=lambda w: plan.data.path(paths.EXAMPLES, plan.scores.detections[w.detection]["experiment"]),
    output:
        metrics=paths.DETECTION,
        curves=paths.DETECTION_CURVES,
        differences=paths.DETECTION_DIFFERENCES,
    log:
        paths.log("detection/{detection}/compute_detection"),
    benchmark:
        paths.benchmark("detection/{detection}/compute_detection")
    wildcard_constraints:
        detection=any_of(plan.scores.detections),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.compute_detection),
    shell:
        command(
            "compute_detection",
            inputs="scores families examples",
            outputs="output=metrics curves differences",
        )


rule collect_detection:
    """Collects the tests of all scores against all truths."""
    input:
        detections=expand(paths.DETECTION, detection=plan.scores.detections),
    output:
        paths.DETECTIONS,
    log:
        paths.log("collect_detection"),
    benchmark:
        paths.benchmark("collect_detection")
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.collect_detection),
    shell:
        command("collect_detection", inputs="detections")


rule score_average_precision:
    """Computes the average precision of every class by one run, where images have several labels."""
    input:
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.RUN_AVERAGE_PRECISION,
    log:
        paths.log("experiments/{experiment}/{run}/score_average_precision"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/score_average_precision")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_label_sets),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_average_precision),
    shell:
        command("score_average_precision", "threads workers", inputs="checkpoints labels pixels files")


rule collect_average_precision:
    """Collects the average precision of every class over the runs."""
    input:
        runs=lambda w: plan.of_runs(paths.RUN_AVERAGE_PRECISION, w.experiment),
    output:
        paths.AVERAGE_PRECISION,
    log:
        paths.log("experiments/{experiment}/collect_average_precision"),
    benchmark:
        paths.benchmark("experiments/{experiment}/collect_average_precision")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_label_sets),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.collect_average_precision),
    shell:
        command("collect_average_precision", inputs="runs")
