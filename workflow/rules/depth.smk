"""Prediction depth. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/neighbors/epoch-{epoch}.parquet (nearest training examples at every probe), {run}/votes/epoch-{epoch}.parquet
(what they vote), scores/prediction_depth.parquet (every run), scores/consensus.parquet (the class that runs agree on);
probe-accuracy.parquet and depth-levels.parquet. With several `shards`, files of neighbours end in -shard-{number}.
"""


rule probe_neighbors:
    """Finds the nearest training examples of every example at every probe of one checkpoint."""
    input:
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        paths.NEIGHBORS,
    log:
        paths.log("experiments/{experiment}/{run}/probe_neighbors/epoch-{epoch}{shard}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/probe_neighbors/epoch-{epoch}{shard}")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=plan.depth.settings["memory"],
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.depth.probe_neighbors),
    shell:
        command("probe_neighbors", "threads workers memory", inputs="checkpoints labels pixels files")


rule compute_consensus:
    """Computes the class on which the runs that held an example out agree."""
    input:
        neighbors=of_wildcards(plan.depth.last_neighbors),
        labels=paths.LABELS,
    output:
        paths.family("consensus"),
    log:
        paths.log("experiments/{experiment}/compute_consensus"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_consensus")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.depth.compute_consensus),
    shell:
        command("compute_consensus", inputs="neighbors labels")


rule vote_probes:
    """Lets the neighbours at every probe vote."""
    input:
        neighbors=of_wildcards(plan.depth.run_neighbors),
        labels=paths.LABELS,
        consensus=of_wildcards(plan.depth.voting_consensus),
    output:
        paths.VOTES,
    log:
        paths.log("experiments/{experiment}/{run}/vote_probes/epoch-{epoch}"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/vote_probes/epoch-{epoch}")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.depth.vote_probes),
    shell:
        command("vote_probes", inputs="neighbors labels consensus")


rule score_prediction_depth:
    """Scores every example by the probe from which on the votes are what the network predicts."""
    input:
        votes=of_wildcards(plan.depth.last_votes),
        labels=paths.LABELS,
    output:
        paths.family("prediction_depth"),
    log:
        paths.log("experiments/{experiment}/score_prediction_depth"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_prediction_depth")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.depth.score_prediction_depth),
    shell:
        command("score_prediction_depth", inputs="votes labels")


rule compute_depth_analysis:
    """Computes the accuracy of the probes, and of the network by depth."""
    input:
        votes=of_wildcards(plan.depth.votes),
        family=paths.family("prediction_depth"),
        consensus=paths.family("consensus"),
        labels=paths.LABELS,
    output:
        accuracy=paths.PROBE_ACCURACY,
        levels=paths.DEPTH_LEVELS,
    log:
        paths.log("experiments/{experiment}/compute_depth_analysis"),
    benchmark:
        paths.benchmark("experiments/{experiment}/compute_depth_analysis")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.depth.compute_depth_analysis),
    shell:
        command("compute_depth_analysis", inputs="votes family consensus labels", outputs="accuracy levels")


use rule plot_evaluations as plot_depth with:
    """Draws prediction depths, class by class and against learning, and the accuracy of network and probes by depth."""
    input:
        family=paths.family("prediction_depth"),
        levels=paths.DEPTH_LEVELS,
        accuracy=paths.PROBE_ACCURACY,
        dynamics=paths.family("dynamics"),
        scores=paths.SCORES,
    output:
        **together(
            figure_files(
                "experiments/{experiment}/depth_histogram",
                "Prediction depth",
                experiment="{experiment}",
                figure="depths",
            ),
            figure_files(
                "experiments/{experiment}/depth_levels",
                "Prediction depth",
                experiment="{experiment}",
                figure="accuracy by depth",
            ),
            figure_files(
                "experiments/{experiment}/probe_accuracy",
                "Prediction depth",
                experiment="{experiment}",
                figure="accuracy of the probes",
            ),
            figure_files(
                "experiments/{experiment}/depth_learning",
                "Prediction depth",
                experiment="{experiment}",
                figure="depth and iteration learned",
            ),
            figure_files(
                "experiments/{experiment}/depth_classes",
                "Prediction depth",
                experiment="{experiment}",
                figure="depth and class",
            ),
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_depth"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_depth")
    wildcard_constraints:
        experiment=any_of(plan.depth.epochs),
    params:
        **drawing(plan.figures.plot_depth),


use rule plot_evaluations as plot_depth_votes with:
    """Draws the votes at every probe for some images."""
    input:
        votes=lambda w: plan.depth.last_votes(w.experiment)[0],
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment)[0],
        scores=paths.SCORES,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/depth_votes",
            "Prediction depth",
            experiment="{experiment}",
            figure="votes",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_depth_votes"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_depth_votes")
    wildcard_constraints:
        experiment=any_of(plan.depth.with_images),
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_depth_votes),


use rule plot_evaluations as plot_depth_plane with:
    """Draws the depth of images that were held out against that of the same images trained on."""
    input:
        scores=paths.SCORES,
        family=paths.family("prediction_depth"),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/depth_plane",
            "Prediction depth",
            experiment="{experiment}",
            figure="held out and trained on",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_depth_plane"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_depth_plane")
    wildcard_constraints:
        experiment=any_of(plan.depth.with_plane),
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_depth_plane),


use rule plot_gallery as plot_depth_gallery with:
    """Draws the images with the lowest and the highest prediction depth."""
    output:
        **figure_files(
            "experiments/{experiment}/depth_gallery",
            "Prediction depth",
            experiment="{experiment}",
            figure="lowest and highest",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_depth_gallery"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_depth_gallery")
    wildcard_constraints:
        experiment=any_of(plan.depth.with_images),
    params:
        **drawing(plan.figures.plot_depth_gallery),
