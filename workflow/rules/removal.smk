"""Removals: does an experiment get better without some of its examples, or with corrected labels? From: labels and
evaluations of an experiment and of others that leave examples out. To: results/removal/{removal}.parquet, its summary and
a figure.
"""


rule collect_removal:
    """Collects the test accuracies of networks with and without some of the training examples."""
    input:
        labels=of_wildcards(plan.removal.labels),
        evaluations=of_wildcards(plan.removal.evaluations),
    output:
        table=paths.REMOVAL,
        summary=paths.REMOVAL_SUMMARY,
    log:
        paths.log("removal/{removal}/collect_removal"),
    benchmark:
        paths.benchmark("removal/{removal}/collect_removal")
    wildcard_constraints:
        removal=any_of(plan.removal.removals),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.removal.collect_removal),
    shell:
        command("collect_removal", inputs="labels evaluations", outputs="output=table summary")


use rule plot_evaluations as plot_removal with:
    """Draws what networks gain from leaving examples out."""
    input:
        table=paths.REMOVAL,
        summary=paths.REMOVAL_SUMMARY,
    output:
        **figure_files("removal/{removal}", "Removal", removal="{removal}", figure="test accuracy"),
    log:
        paths.log("figures/removal/{removal}/plot_removal"),
    benchmark:
        paths.benchmark("figures/removal/{removal}/plot_removal")
    wildcard_constraints:
        removal=any_of(plan.removal.removals),
    params:
        **drawing(plan.figures.plot_removal),
