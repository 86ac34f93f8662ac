"""Influence. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/factors/{variant}-epoch-{epoch}/ (the curvature), {run}/influence/{variant}-epoch-{epoch}.parquet (influence of
each image on its own loss), scores/influence.parquet (every run); and next to the first two, how long each phase took.
With several `shards`, factors are merged of {run}/factors/sums/, sums over a part of the training examples, which are
deleted once they are merged: each shard's take as much space as the factors.

How far the variants agree: influence-agreement.parquet and influence-sample.parquet.
"""


rule fit_factors:
    """Fits the curvature of one checkpoint."""
    input:
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        factors=directory(paths.FACTORS),
        timing=paths.FACTORS_TIMING,
    log:
        paths.log("experiments/{experiment}/{run}/fit_factors/{variant}-epoch-{epoch}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/fit_factors/{variant}-epoch-{epoch}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        variant=any_of(plan.influence.fitted),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=plan.influence.memory,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.fit_factors),
    shell:
        command(
            "fit_factors",
            "threads workers memory epoch",
            inputs="checkpoints labels pixels files",
            outputs="timing output=factors",
        )


rule sum_curvature:
    """Sums the curvature of one checkpoint over a part of the training examples."""
    input:
        bases=of_wildcards(plan.influence.bases),
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        sums=temp(directory(paths.SUMS)),
        timing=paths.SUMS_TIMING,
    log:
        paths.log("experiments/{experiment}/{run}/sum_curvature/{variant}-epoch-{epoch}-shard-{shard}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/sum_curvature/{variant}-epoch-{epoch}-shard-{shard}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        variant=any_of(plan.influence.merged),
        shard=any_of(plan.influence.shards),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=plan.influence.memory,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.sum_curvature),
    shell:
        command(
            "sum_curvature",
            "threads workers memory epoch",
            inputs="bases checkpoints labels pixels files",
            outputs="timing output=sums",
        )


rule merge_factors:
    """Merges the sums of all parts into the curvature of one checkpoint."""
    input:
        sums=expand(paths.SUMS, shard=plan.influence.shards, allow_missing=True),
        bases=of_wildcards(plan.influence.bases),
    output:
        factors=directory(paths.FACTORS),
        timing=paths.FACTORS_TIMING,
    log:
        paths.log("experiments/{experiment}/{run}/merge_factors/{variant}-epoch-{epoch}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/merge_factors/{variant}-epoch-{epoch}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        variant=any_of(plan.influence.merged),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.merge_factors),
    shell:
        command("merge_factors", "threads epoch", inputs="sums bases", outputs="timing output=factors")


rule score_self_influence:
    """Computes the influence of every example on its own loss at one checkpoint."""
    input:
        factors=paths.FACTORS,
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        scores=paths.SELF_INFLUENCE,
        timing=paths.SELF_INFLUENCE_TIMING,
    log:
        paths.log("experiments/{experiment}/{run}/score_self_influence/{variant}-epoch-{epoch}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/score_self_influence/{variant}-epoch-{epoch}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        variant=any_of(plan.influence.variants),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=plan.influence.memory,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.score_self_influence),
    shell:
        command(
            "score_self_influence",
            "threads workers memory epoch",
            inputs="factors checkpoints labels pixels files",
            outputs="timing output=scores",
        )


rule score_influence:
    """Scores every example by its influence on its own loss, over the checkpoints."""
    input:
        scores=of_wildcards(plan.influence.self_influence_tables),
        labels=paths.LABELS,
    output:
        paths.family("influence"),
    log:
        paths.log("experiments/{experiment}/score_influence"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_influence")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.score_influence),
    shell:
        command("score_influence", inputs="scores labels")


rule compute_influence_agreement:
    """Computes how far the variants of influence agree in the first run."""
    input:
        own=of_wildcards(plan.influence.compared),
        pairwise=lambda w: plan.influence.compared_pairwise(paths.PAIRWISE, w.experiment),
        lists=lambda w: plan.influence.compared_pairwise(paths.PAIRWISE_EXAMPLES, w.experiment),
    output:
        agreement=paths.INFLUENCE_AGREEMENT,
        sample=paths.INFLUENCE_SAMPLE,
    log:
        paths.log("experiments/{experiment}/compute_influence_agreement"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_influence_agreement")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.compute_influence_agreement),
    shell:
        command("compute_influence_agreement", inputs="self=own pairwise", outputs="output=agreement sample")


use rule plot_evaluations as plot_influence_agreement with:
    """Draws how far the variants of influence agree."""
    input:
        agreement=paths.INFLUENCE_AGREEMENT,
        sample=paths.INFLUENCE_SAMPLE,
    output:
        **figure_files(
            "experiments/{experiment}/influence_agreement",
            "Influence",
            experiment="{experiment}",
            figure="agreement of approximations",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_influence_agreement"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_influence_agreement")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
    params:
        **drawing(plan.figures.plot_influence_agreement),
