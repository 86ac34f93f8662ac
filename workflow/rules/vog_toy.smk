"""The toy experiment of variance of gradients. From: nothing but its settings. To: results/vog-toy/

scores.parquet (a row per network, stage and point), boundary.parquet, summary.parquet (correlation with the distance to
the boundary), and its figures.
"""


rule compute_vog_toy:
    """Runs the toy experiment of variance of gradients in the plane."""
    output:
        scores=paths.VOG_TOY_SCORES,
        boundary=paths.VOG_TOY_BOUNDARY,
        summary=paths.VOG_TOY_SUMMARY,
    log:
        paths.log("vog-toy/compute_vog_toy"),
    benchmark:
        paths.benchmark("vog-toy/compute_vog_toy")
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.vog_toy.compute_vog_toy),
    shell:
        command("compute_vog_toy", outputs="scores boundary summary")


use rule plot_evaluations as plot_vog_toy_boundary with:
    """Draws the points and the decision boundary of the toy experiment."""
    input:
        scores=paths.VOG_TOY_SCORES,
        boundary=paths.VOG_TOY_BOUNDARY,
        summary=paths.VOG_TOY_SUMMARY,
    output:
        **figure_files(
            "vog-toy/boundary",
            "Variance of gradients, toy experiment",
            figure="points in the plane",
        ),
    log:
        paths.log("figures/vog-toy/plot_vog_toy_boundary"),
    benchmark:
        paths.benchmark("figures/vog-toy/plot_vog_toy_boundary")
    params:
        **drawing(plan.figures.plot_vog_toy_boundary),


use rule plot_evaluations as plot_vog_toy_distance with:
    """Draws scores of the toy experiment against the distance to the boundary."""
    input:
        scores=paths.VOG_TOY_SCORES,
        summary=paths.VOG_TOY_SUMMARY,
    output:
        **figure_files(
            "vog-toy/distance-{split}",
            "Variance of gradients, toy experiment",
            figure="score by distance, {split}",
        ),
    log:
        paths.log("figures/vog-toy/plot_vog_toy_distance-{split}"),
    benchmark:
        paths.benchmark("figures/vog-toy/plot_vog_toy_distance-{split}")
    wildcard_constraints:
        split=any_of(plan.vog_toy.splits),
    params:
        **drawing(plan.figures.plot_vog_toy_distance),


use rule plot_evaluations as plot_vog_toy_correlation with:
    """Draws the correlation of the toy experiment's scores with the distance."""
    input:
        summary=paths.VOG_TOY_SUMMARY,
    output:
        **figure_files(
            "vog-toy/correlation",
            "Variance of gradients, toy experiment",
            figure="correlation with the distance",
        ),
    log:
        paths.log("figures/vog-toy/plot_vog_toy_correlation"),
    benchmark:
        paths.benchmark("figures/vog-toy/plot_vog_toy_correlation")
    params:
        **drawing(plan.figures.plot_vog_toy_correlation),
