"""Statistics of images. From: the images of a data set, and tables of the user's. To: results/datasets/{dataset}/

statistics.parquet, joins/ (what somebody else measured), chosen_by.parquet (of a subset, how hard each image is by one of
these); results/experiments/{experiment}/scores/images.parquet, the rows of an experiment's own images, and
relations.parquet, their correlation with scores. A subset has no statistics of its own: they are those of the same images
in the data set that it was chosen from.
"""


rule compute_image_statistics:
    """Computes statistics of every image."""
    input:
        pixels=paths.PIXELS,
        files=paths.FILES,
    output:
        paths.STATISTICS,
    log:
        paths.log("datasets/{dataset}/compute_image_statistics"),
    benchmark:
        paths.benchmark("datasets/{dataset}/compute_image_statistics")
    wildcard_constraints:
        dataset=any_of(plan.data.sources),
    # Before the others, as it waits for several cores that are free at once.
    priority: lambda w: 2 * first_results(w)
    conda:
        "../../envs/images.yaml"
    threads: 4
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.images.compute_image_statistics),
    shell:
        command("compute_image_statistics", "processes", inputs="pixels files")


rule join_statistic:
    """Joins a statistic that somebody else measured to the images of a data set."""
    input:
        table=users_files(plan.images.joined_file),
        examples=paths.EXAMPLES,
    output:
        paths.JOINED,
    log:
        paths.log("datasets/{dataset}/join_statistic-{join}"),
    benchmark:
        paths.benchmark("datasets/{dataset}/join_statistic-{join}")
    wildcard_constraints:
        dataset=any_of(plan.data.sources),
        join=any_of(plan.images.joins),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.images.join_statistic),
    shell:
        command("join_statistic", inputs="table examples")


rule order_by_joined:
    """Orders the images of which a subset is chosen by a joined statistic."""
    input:
        joined=lambda w: plan.images.joined_table(plan.images.join_of_subset(w.dataset)),
        examples=lambda w: plan.data.parent(paths.EXAMPLES, w.dataset),
    output:
        paths.CHOSEN_BY,
    log:
        paths.log("datasets/{dataset}/order_by_joined"),
    benchmark:
        paths.benchmark("datasets/{dataset}/order_by_joined")
    wildcard_constraints:
        dataset=any_of(plan.images.chosen_by_joined),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.images.order_by_joined),
    shell:
        command("order_by_joined", inputs="joined examples")


rule select_statistics:
    """Selects the statistics of an experiment's own images."""
    input:
        statistics=of_wildcards(plan.images.tables_of_statistics),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        paths.family("images"),
    log:
        paths.log("experiments/{experiment}/select_statistics"),
    benchmark:
        paths.benchmark("experiments/{experiment}/select_statistics")
    wildcard_constraints:
        experiment=any_of(plan.images.described),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.images.select_statistics),
    shell:
        command("select_statistics", inputs="statistics examples")


rule compute_relations:
    """Correlates scores with what is known of the images."""
    input:
        scores=paths.SCORES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        statistics=lambda w: plan.images.related_statistics([w.experiment]),
    output:
        paths.RELATIONS,
    log:
        paths.log("experiments/{experiment}/compute_relations"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_relations")
    wildcard_constraints:
        experiment=any_of(plan.images.related),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.images.compute_relations),
    shell:
        command("compute_relations", inputs="scores examples statistics")


use rule plot_evaluations as plot_image_maps with:
    """Draws what statistics see in easy and hard images."""
    input:
        scores=paths.SCORES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/image_maps", "Images", experiment="{experiment}", figure="what statistics see"
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_image_maps"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_image_maps")
    wildcard_constraints:
        experiment=any_of(plan.images.mapped),
    conda:
        "../../envs/image_figures.yaml"
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_image_maps),


use rule plot_evaluations as plot_relations with:
    """Draws what the easiest and the hardest images look like, and how that goes with scores."""
    input:
        relations=paths.RELATIONS,
        scores=paths.SCORES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        statistics=lambda w: plan.images.related_statistics([w.experiment]),
    output:
        **together(
            figure_files(
                "experiments/{experiment}/relations",
                "Scores",
                experiment="{experiment}",
                figure="relations of statistics of images",
            ),
            figure_files(
                "experiments/{experiment}/statistics_histograms",
                "Scores",
                experiment="{experiment}",
                figure="statistics of easy and hard images",
            ),
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_relations"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_relations")
    wildcard_constraints:
        experiment=any_of(plan.images.related),
    params:
        **drawing(plan.figures.plot_relations),
