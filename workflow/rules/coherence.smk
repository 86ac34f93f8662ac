"""Coherence of gradients. From: the checkpoints of every run, scores of learning dynamics. To: {run}/coherence.parquet, and
a figure per experiment.
"""


rule measure_coherence:
    """Measures how far the gradients of right, wrong, easy and hard examples point the same way."""
    input:
        dynamics=paths.family("dynamics"),
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.COHERENCE,
    log:
        paths.log("experiments/{experiment}/{run}/measure_coherence"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/measure_coherence")
    wildcard_constraints:
        experiment=any_of(plan.coherence.epochs),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.coherence.measure_coherence),
    shell:
        command("measure_coherence", "threads workers", inputs="dynamics checkpoints labels pixels files")


use rule plot_evaluations as plot_coherence with:
    """Draws the coherence of gradients over the epochs."""
    input:
        coherence=lambda w: plan.of_runs(paths.COHERENCE, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/coherence",
            "Coherence of gradients",
            experiment="{experiment}",
            figure="coherence",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_coherence"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_coherence")
    wildcard_constraints:
        experiment=any_of(plan.coherence.epochs),
    params:
        **drawing(plan.figures.plot_coherence),
