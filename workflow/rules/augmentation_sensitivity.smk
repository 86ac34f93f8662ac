"""Augmentation sensitivity. From: the checkpoints of every run. To: results/experiments/{experiment}/scores/

augmentation_sensitivity.parquet (every run).
"""


rule score_augmentation_sensitivity:
    """Scores every example by how far predictions of its augmented copies diverge from its own."""
    input:
        checkpoints=lambda w: plan.of_runs(paths.CHECKPOINTS, w.experiment),
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.family("augmentation_sensitivity"),
    log:
        paths.log("experiments/{experiment}/score_augmentation_sensitivity"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_augmentation_sensitivity")
    wildcard_constraints:
        experiment=any_of(plan.augmentation_sensitivity.experiments),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.augmentation_sensitivity.score_augmentation_sensitivity),
    shell:
        command("score_augmentation_sensitivity", "threads workers", inputs="checkpoints labels pixels files")
