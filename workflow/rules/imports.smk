"""Runs that were trained elsewhere. From: records of every epoch, or checkpoints. To: per run {run}/ with records and
history, and checkpoints/ where there are any, as training would have left them. Of held-out records: results/experiments/
{experiment}/scores/label_quality.parquet, label_quality.parquet and held-out.parquet; of other people's probabilities:
given-probabilities.parquet.
"""


rule import_records:
    """Reads the records of one run that was trained elsewhere."""
    input:
        own=users_files(plan.training.own_records),
        first=users_files(plan.training.first_records),
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        records=paths.RECORDS,
        history=paths.HISTORY,
    log:
        paths.log("experiments/{experiment}/{run}/import_records"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/import_records")
    wildcard_constraints:
        experiment=any_of(plan.training.imported),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.import_records),
    shell:
        command("import_records", inputs="own first labels examples", outputs="records history")


rule score_held_out_records:
    """Scores every example by out-of-fold predictions, and estimates how many labels are wrong."""
    input:
        own=users_files(plan.training.all_records),
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        scores=paths.family("label_quality"),
        estimates=paths.LABEL_QUALITY,
        held_out=paths.HELD_OUT,
    log:
        paths.log("experiments/{experiment}/score_held_out_records"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_held_out_records")
    wildcard_constraints:
        experiment=any_of(plan.scores.held_out_records),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_held_out_records),
    shell:
        command("score_held_out_records", inputs="own labels examples", outputs="output=scores estimates held_out")


rule import_checkpoints:
    """Reads the weights of one run that was trained elsewhere, and records what they make of every example."""
    input:
        weights=users_files(plan.training.snapshot_files),
        first=users_files(plan.training.first_snapshot),
        checked=ancient(paths.CHECKED),
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        records=paths.RECORDS,
        history=paths.HISTORY,
        checkpoints=directory(paths.CHECKPOINTS),
    log:
        paths.log("experiments/{experiment}/{run}/import_checkpoints"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/import_checkpoints")
    wildcard_constraints:
        experiment=any_of(plan.training.snapshots),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.import_checkpoints),
    shell:
        command(
            "import_checkpoints",
            "threads workers",
            inputs="weights first labels pixels files",
            outputs="records history checkpoints",
        )


rule collect_probabilities:
    """Matches other people's out-of-fold probabilities to the training examples of an experiment."""
    input:
        given=users_files(plan.training.probability_file),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        paths.GIVEN_PROBABILITIES,
    log:
        paths.log("experiments/{experiment}/collect_probabilities"),
    benchmark:
        paths.benchmark("experiments/{experiment}/collect_probabilities")
    wildcard_constraints:
        experiment=any_of(plan.training.with_probabilities),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.given_probabilities),
    shell:
        command("collect_probabilities", inputs="given examples")
