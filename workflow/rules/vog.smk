"""Variance of gradients. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/gradients/epoch-{epoch}.parquet (one map per example and checkpoint), {run}/vog.parquet (every stage) and
scores/vog.parquet (every run). With `keep_gradients: false`, {run}/vog.parquet comes from the checkpoints directly.
With several `shards`, files of a run end in -shard-{number}. What the scores say: vog-errors.parquet (where networks err),
vog-correlation.parquet (which scores say the same), vog-label-noise.parquet (corrupt against other labels), and
out-of-distribution/{dataset}.parquet (images that the networks do not know).
"""


rule extract_gradients:
    """Extracts the gradient of every image at one checkpoint."""
    input:
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.GRADIENTS,
    log:
        paths.log("experiments/{experiment}/{run}/extract_gradients/epoch-{epoch}{shard}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/extract_gradients/epoch-{epoch}{shard}")
    wildcard_constraints:
        experiment=any_of(plan.vog.with_maps),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.extract_gradients),
    shell:
        command("extract_gradients", "threads workers", inputs="checkpoints labels pixels files")


rule compute_vog:
    """Computes the variance of the gradients of one run over its checkpoints."""
    input:
        gradients=of_wildcards(plan.vog.run_gradients),
    output:
        paths.RUN_VOG,
    log:
        paths.log("experiments/{experiment}/{run}/compute_vog{shard}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/compute_vog{shard}")
    wildcard_constraints:
        experiment=any_of(plan.vog.with_maps),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.compute_vog),
    shell:
        command("compute_vog", inputs="gradients")


rule stream_vog:
    """Computes the variance of the gradients of one run without keeping the gradients."""
    input:
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.RUN_VOG,
    log:
        paths.log("experiments/{experiment}/{run}/stream_vog{shard}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/stream_vog{shard}")
    wildcard_constraints:
        experiment=any_of(plan.vog.streamed),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.stream_vog),
    shell:
        command("stream_vog", "threads workers", inputs="checkpoints labels pixels files")


rule score_vog:
    """Scores every example by the variance of its gradients, within its class."""
    input:
        runs=of_wildcards(plan.vog.run_tables),
        labels=paths.LABELS,
    output:
        paths.family("vog"),
    log:
        paths.log("experiments/{experiment}/score_vog"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_vog")
    wildcard_constraints:
        experiment=any_of(plan.vog.stages),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.score_vog),
    shell:
        command("score_vog", inputs="runs labels")


rule compute_vog_analysis:
    """Compares the variance of gradients with errors, other scores and planted noise."""
    input:
        labels=paths.LABELS,
        scores=paths.SCORES,
        family=paths.family("vog"),
        runs=of_wildcards(plan.vog.run_tables),
    output:
        errors=paths.VOG_ERRORS,
        correlation=paths.VOG_CORRELATION,
        label_noise=paths.VOG_LABEL_NOISE,
    log:
        paths.log("experiments/{experiment}/compute_vog_analysis"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_vog_analysis")
    wildcard_constraints:
        experiment=any_of(plan.vog.stages),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.compute_vog_analysis),
    shell:
        command("compute_vog_analysis", inputs="labels scores family runs", outputs="errors correlation label_noise")


rule stream_tested_vog:
    """Computes the variance of gradients of test images that one run knows, or does not know."""
    input:
        checkpoints=paths.CHECKPOINTS,
        examples=paths.EXAMPLES,
        pixels=paths.PIXELS,
        files=paths.FILES,
    output:
        paths.TESTED_VOG,
    log:
        paths.log("experiments/{experiment}/{run}/stream_tested_vog/{dataset}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/stream_tested_vog/{dataset}")
    wildcard_constraints:
        experiment=any_of(plan.vog.stages),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.stream_tested_vog),
    shell:
        command("stream_vog", "threads workers", inputs="checkpoints labels=examples pixels files")


rule compare_distributions:
    """Tests how well the variance of gradients separates images that the networks do not know."""
    input:
        own=lambda w: plan.vog.tested_tables(w.experiment, plan.data.of(w.experiment)),
        other=of_wildcards(plan.vog.tested_tables),
    output:
        comparison=paths.OUT_OF_DISTRIBUTION,
        curves=paths.OUT_OF_DISTRIBUTION_CURVES,
    log:
        paths.log("experiments/{experiment}/compare_distributions/{dataset}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compare_distributions/{dataset}")
    wildcard_constraints:
        experiment=any_of(plan.vog.stages),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog.compare_distributions),
    shell:
        command("compare_distributions", inputs="own other", outputs="output=comparison curves")


use rule plot_evaluations as plot_vog with:
    """Draws errors by variance of gradients, its correlation with other scores, and the early against the late stage."""
    input:
        errors=paths.VOG_ERRORS,
        correlation=paths.VOG_CORRELATION,
        scores=paths.SCORES,
        label_noise=paths.VOG_LABEL_NOISE,
    output:
        **together(
            figure_files(
                "experiments/{experiment}/vog_errors",
                "Variance of gradients",
                experiment="{experiment}",
                figure="errors by variance of gradients",
            ),
            figure_files(
                "experiments/{experiment}/vog_correlation",
                "Variance of gradients",
                experiment="{experiment}",
                figure="correlation with other scores",
            ),
            figure_files(
                "experiments/{experiment}/vog_stages",
                "Variance of gradients",
                experiment="{experiment}",
                figure="early and late",
            ),
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_vog"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_vog")
    wildcard_constraints:
        experiment=any_of(plan.vog.stages),
    params:
        **drawing(plan.figures.plot_vog),


use rule plot_gallery as plot_vog_gallery with:
    """Draws the images with the lowest and the highest variance of gradients."""
    output:
        **figure_files(
            "experiments/{experiment}/vog_gallery",
            "Variance of gradients",
            experiment="{experiment}",
            figure="lowest and highest",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_vog_gallery"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_vog_gallery")
    wildcard_constraints:
        experiment=any_of(plan.vog.with_gallery),
    params:
        **drawing(plan.figures.plot_vog_gallery),


use rule plot_evaluations as plot_out_of_distribution with:
    """Draws the variance of gradients of images that the networks do not know."""
    input:
        comparison=paths.OUT_OF_DISTRIBUTION,
        curves=paths.OUT_OF_DISTRIBUTION_CURVES,
    output:
        **figure_files(
            "experiments/{experiment}/out_of_distribution/{dataset}",
            "Variance of gradients",
            experiment="{experiment}",
            figure="images of {dataset}",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_out_of_distribution/{dataset}"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_out_of_distribution/{dataset}")
    params:
        **drawing(plan.figures.plot_out_of_distribution),
