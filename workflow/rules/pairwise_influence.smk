"""What explains predictions. From: the curvature of every run. To: results/experiments/{experiment}/

queries/{queries}.parquet (the test examples that are asked about),
{run}/pairwise/{queries}/{variant}-epoch-{epoch}.parquet (influence of each training example on them),
influential/{queries}/{variant}.parquet (the most influential ones, over all runs and checkpoints) and, next to it,
{variant}-overall.parquet; and a figure of these images.
"""


rule choose_queries:
    """Chooses the test examples whose predictions are to be explained."""
    input:
        checked=ancient(paths.CHECKED),
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        records=of_wildcards(plan.influence.queries_records),
    output:
        paths.QUERIES,
    log:
        paths.log("experiments/{experiment}/choose_queries/{queries}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/choose_queries/{queries}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        queries=any_of(plan.influence.queries),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.choose_queries),
    shell:
        command("choose_queries", inputs="labels examples records")


rule score_pairwise_influence:
    """Computes the influence of every training example on the predictions that are to be explained."""
    input:
        factors=paths.FACTORS,
        queries=paths.QUERIES,
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        scores=paths.PAIRWISE,
        examples=paths.PAIRWISE_EXAMPLES,
        timing=paths.PAIRWISE_TIMING,
    log:
        paths.log("experiments/{experiment}/{run}/score_pairwise_influence/{queries}/{variant}-epoch-{epoch}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/score_pairwise_influence/{queries}/{variant}-epoch-{epoch}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        queries=any_of(plan.influence.queries),
        variant=any_of(plan.influence.variants),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=plan.influence.memory,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.score_pairwise_influence),
    shell:
        command(
            "score_pairwise_influence",
            "threads workers memory epoch",
            inputs="factors queries checkpoints labels pixels files",
            outputs="timing examples output=scores",
        )


rule rank_influential:
    """Ranks the training examples that help and harm predictions most."""
    input:
        pairwise=lambda w: plan.influence.of_checkpoints(paths.PAIRWISE, w.experiment, w.variant, queries=w.queries),
        lists=lambda w: plan.influence.of_checkpoints(
            paths.PAIRWISE_EXAMPLES, w.experiment, w.variant, queries=w.queries
        ),
        queries=paths.QUERIES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        influential=paths.INFLUENTIAL,
        overall=paths.INFLUENTIAL_OVERALL,
    log:
        paths.log("experiments/{experiment}/rank_influential/{queries}/{variant}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/rank_influential/{queries}/{variant}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        queries=any_of(plan.influence.queries),
        variant=any_of(plan.influence.variants),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.influence.rank_influential),
    shell:
        command("rank_influential", inputs="pairwise queries examples", outputs="output=influential overall")


use rule plot_evaluations as plot_influential with:
    """Draws the training images that help and harm some predictions."""
    input:
        influential=paths.INFLUENTIAL,
        overall=paths.INFLUENTIAL_OVERALL,
        queries=paths.QUERIES,
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
        labels=paths.LABELS,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/influential/{queries}/{variant}",
            "Influence",
            experiment="{experiment}",
            figure="influential images, {queries}, {variant}",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_influential/{queries}/{variant}"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_influential/{queries}/{variant}")
    wildcard_constraints:
        experiment=any_of(plan.influence.epochs),
        queries=any_of(plan.influence.queries),
        variant=any_of(plan.influence.variants),
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_influential),
