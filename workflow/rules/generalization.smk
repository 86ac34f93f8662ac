"""Generalization: do easy examples generalise better among themselves than hard ones? From: the evaluations of
experiments on subsets of one data set, on each other's held-out parts and on the original test split; the scores of an
experiment on all. To: results/generalization/{study}.parquet, its summary and traits, and two figures.
"""


rule collect_generalization:
    """Collects the accuracies of networks that were trained on one part and tested on another."""
    input:
        evaluations=of_wildcards(plan.generalization.evaluations),
        examples=of_wildcards(plan.generalization.examples),
    output:
        table=paths.GENERALIZATION,
        summary=paths.GENERALIZATION_SUMMARY,
    log:
        paths.log("generalization/{study}/collect_generalization"),
    benchmark:
        paths.benchmark("generalization/{study}/collect_generalization")
    wildcard_constraints:
        study=any_of(plan.generalization.studies),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.generalization.collect_generalization),
    shell:
        command("collect_generalization", inputs="evaluations examples", outputs="output=table summary")


rule compute_traits:
    """Compares the scores of the parts."""
    input:
        scores=lambda w: paths.SCORES.format(experiment=plan.generalization.studies[w.study]["scores_of"]),
        examples=lambda w: paths.EXAMPLES.format(dataset=plan.generalization.studies[w.study]["original"]),
        parts=of_wildcards(plan.generalization.parts),
    output:
        paths.TRAITS,
    log:
        paths.log("generalization/{study}/compute_traits"),
    benchmark:
        paths.benchmark("generalization/{study}/compute_traits")
    wildcard_constraints:
        study=any_of(plan.generalization.with_traits),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.generalization.compute_traits),
    shell:
        command("compute_traits", inputs="scores examples parts")


use rule plot_evaluations as plot_generalization with:
    """Draws the accuracy of networks trained on one part and tested on another."""
    input:
        table=paths.GENERALIZATION,
    output:
        **figure_files(
            "generalization/{study}/accuracy",
            "Generalization",
            study="{study}",
            figure="accuracy on parts",
        ),
    log:
        paths.log("figures/generalization/{study}/plot_generalization"),
    benchmark:
        paths.benchmark("figures/generalization/{study}/plot_generalization")
    wildcard_constraints:
        study=any_of(plan.generalization.studies),
    params:
        **drawing(plan.figures.plot_generalization),


use rule plot_evaluations as plot_traits with:
    """Draws the scores of the parts."""
    input:
        traits=paths.TRAITS,
    output:
        **figure_files("generalization/{study}/traits", "Generalization", study="{study}", figure="scores of the parts"),
    log:
        paths.log("figures/generalization/{study}/plot_traits"),
    benchmark:
        paths.benchmark("figures/generalization/{study}/plot_traits")
    wildcard_constraints:
        study=any_of(plan.generalization.with_traits),
    params:
        **drawing(plan.figures.plot_traits),
