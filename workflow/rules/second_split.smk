"""Second-split forgetting. From: a data set and the labels of an experiment. To: results/experiments/{experiment}/

{run}/second-split-{half}.parquet (what a network that is trained on this half, then on the other, knows of the first) and
scores/second_split.parquet (every run).
"""


rule train_second_split:
    """Trains one network on one half of the training examples, then on the other."""
    input:
        users_files(plan.training.weight_files),
        checked=ancient(paths.CHECKED),
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.SECOND_SPLIT,
    log:
        paths.log("experiments/{experiment}/{run}/train_second_split-{half}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/train_second_split-{half}")
    wildcard_constraints:
        experiment=any_of(plan.second_split.seeds),
        half="[01]",
    conda:
        "../../envs/training.yaml"
    threads: lambda w: threads_with_workers(w) * plan.training.gpus(w.experiment)
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.second_split.train_second_split),
    shell:
        command("train_second_split", "threads workers half", inputs="labels pixels files")


rule score_second_split:
    """Scores every example by when training on the other half makes its network forget it."""
    input:
        halves=of_wildcards(plan.second_split.halves),
    output:
        paths.family("second_split"),
    log:
        paths.log("experiments/{experiment}/score_second_split"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_second_split")
    wildcard_constraints:
        experiment=any_of(plan.second_split.seeds),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.second_split.score_second_split),
    shell:
        command("score_second_split", inputs="halves")
