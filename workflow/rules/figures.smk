"""Figures. From: tables of data sets, runs, scores and analyses. To: results/figures/

Every PNG also goes into the report, with the caption of its kind. A figure's settings are its
resolution and its own section of `figures`, so that another one redraws that figure and what the same job draws. Figures
of a family of scores are in the family's own file; all use the rule `plot_evaluations`, with other files and parameters.
"""


report: "../report/workflow.rst"


rule plot_evaluations:
    """Draws the test accuracy of all runs."""
    input:
        evaluations=paths.EVALUATIONS,
    output:
        **figure_files("evaluations", "Training", figure="test accuracy of all runs"),
    log:
        paths.log("figures/plot_evaluations"),
    benchmark:
        paths.benchmark("figures/plot_evaluations")
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_evaluations),
    shell:
        'python "$SCRIPTS"/plot.py --figures {params.figures} --settings {params.settings:q} --code {params.code}'
        " --upstream={params.upstream} --log {log:q} {params.options:q}"


use rule plot_evaluations as plot_samples with:
    """Draws labelled samples of a data set."""
    input:
        examples=paths.EXAMPLES,
        pixels=paths.PIXELS,
    output:
        **figure_files("datasets/{dataset}/samples", "Data sets", **{"data set": "{dataset}"}),
    log:
        paths.log("figures/datasets/{dataset}/plot_samples"),
    benchmark:
        paths.benchmark("figures/datasets/{dataset}/plot_samples")
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_samples),


use rule plot_evaluations as plot_runs with:
    """Draws the training curves of an experiment, and which images are right, epoch by epoch and run by run."""
    input:
        history=lambda w: plan.of_runs(paths.HISTORY, w.experiment),
        steps=of_wildcards(plan.training.steps),
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
        labels=paths.LABELS,
    output:
        **together(
            figure_files(
                "experiments/{experiment}/training", "Training", experiment="{experiment}", figure="training curves"
            ),
            figure_files(
                "experiments/{experiment}/panel", "Training", experiment="{experiment}", figure="right or wrong"
            ),
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_runs"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_runs")
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_runs),


use rule plot_evaluations as plot_comparison with:
    """Draws training curves of several experiments in one figure."""
    input:
        histories=of_wildcards(plan.figures.compared_histories),
    output:
        **figure_files(
            "comparisons/{comparison}/{measure}",
            "Training",
            group="{comparison}",
            figure="{measure}, compared",
        ),
    log:
        paths.log("figures/comparisons/{comparison}/plot_comparison-{measure}"),
    benchmark:
        paths.benchmark("figures/comparisons/{comparison}/plot_comparison-{measure}")
    wildcard_constraints:
        comparison=any_of(plan.figures.comparisons),
        measure="loss|top1",
    params:
        **drawing(plan.figures.plot_comparison),


use rule plot_evaluations as plot_average_precision with:
    """Draws the average precision of every class."""
    input:
        average_precision=paths.AVERAGE_PRECISION,
    output:
        **figure_files(
            "experiments/{experiment}/average_precision",
            "Training",
            experiment="{experiment}",
            figure="average precision",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_average_precision"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_average_precision")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_label_sets),
    params:
        **drawing(plan.figures.plot_average_precision),


use rule plot_evaluations as plot_scores with:
    """Draws confidence against variability, the rank correlation of scores, their stability, and estimated label errors."""
    input:
        scores=paths.SCORES,
        correlation=paths.CORRELATION,
        stability=paths.STABILITY,
        errors=paths.LABEL_ERRORS,
        confusion=paths.LABEL_CONFUSION,
    output:
        **together(
            figure_files("experiments/{experiment}/data_map", "Scores", experiment="{experiment}", figure="data map"),
            figure_files(
                "experiments/{experiment}/correlation",
                "Scores",
                experiment="{experiment}",
                figure="correlation of scores",
            ),
            figure_files(
                "experiments/{experiment}/stability",
                "Scores",
                experiment="{experiment}",
                figure="stability over seeds",
            ),
            figure_files(
                "experiments/{experiment}/label_errors",
                "Scores",
                experiment="{experiment}",
                figure="wrong labels",
            ),
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_scores"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_scores")
    params:
        **drawing(plan.figures.plot_scores),


use rule plot_evaluations as plot_truth_correlation with:
    """Draws the correlation of scores with what makes images hard."""
    input:
        correlation=paths.TRUTH_CORRELATION,
    output:
        **figure_files(
            "experiments/{experiment}/truth_correlation",
            "Scores",
            experiment="{experiment}",
            figure="correlation with what makes images hard",
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_truth_correlation"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_truth_correlation")
    wildcard_constraints:
        experiment=any_of(plan.scores.with_truth),
    params:
        **drawing(plan.figures.plot_truth_correlation),


use rule plot_evaluations as plot_gallery with:
    """Draws the easiest and the hardest images of every class."""
    input:
        scores=paths.SCORES,
        records=lambda w: plan.of_runs(paths.RECORDS, w.experiment),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
    output:
        **figure_files(
            "experiments/{experiment}/gallery", "Images", experiment="{experiment}", figure="easiest and hardest"
        ),
    log:
        paths.log("figures/experiments/{experiment}/plot_gallery"),
    benchmark:
        paths.benchmark("figures/experiments/{experiment}/plot_gallery")
    wildcard_constraints:
        experiment=any_of(plan.training.with_images),
    priority: first_results
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **drawing(plan.figures.plot_gallery),


use rule plot_evaluations as plot_agreement with:
    """Draws on how many examples the networks of a group agree."""
    input:
        agreement=paths.AGREEMENT,
    output:
        **figure_files("agreement/{group}", "Agreement", group="{group}", figure="agreement"),
    log:
        paths.log("figures/agreement/{group}/plot_agreement"),
    benchmark:
        paths.benchmark("figures/agreement/{group}/plot_agreement")
    params:
        **drawing(plan.figures.plot_agreement),


use rule plot_evaluations as plot_order_stability with:
    """Draws whether experiments find the same examples hard."""
    input:
        order=paths.ORDER,
    output:
        **figure_files(
            "agreement/{group}/order",
            "Agreement",
            group="{group}",
            figure="order of the examples",
        ),
    log:
        paths.log("figures/agreement/{group}/plot_order_stability"),
    benchmark:
        paths.benchmark("figures/agreement/{group}/plot_order_stability")
    wildcard_constraints:
        group=any_of(plan.agreement.of_several),
    params:
        **drawing(plan.figures.plot_order_stability),


use rule plot_evaluations as plot_agreed_statistics with:
    """Draws what the images look like that all networks of a group get right."""
    input:
        statistics=paths.AGREED_STATISTICS,
    output:
        **figure_files(
            "agreement/{group}/statistics",
            "Agreement",
            group="{group}",
            figure="statistics of images",
        ),
    log:
        paths.log("figures/agreement/{group}/plot_agreed_statistics"),
    benchmark:
        paths.benchmark("figures/agreement/{group}/plot_agreed_statistics")
    wildcard_constraints:
        group=any_of(plan.agreement.related),
    params:
        **drawing(plan.figures.plot_agreed_statistics),


use rule plot_evaluations as plot_detection with:
    """Draws how well every score finds what is known to be wrong."""
    input:
        detection=paths.DETECTION,
        curves=paths.DETECTION_CURVES,
        differences=paths.DETECTION_DIFFERENCES,
    output:
        **figure_files("detection/{detection}", "Detection", truth="{detection}"),
    log:
        paths.log("figures/detection/{detection}/plot_detection"),
    benchmark:
        paths.benchmark("figures/detection/{detection}/plot_detection")
    params:
        **drawing(plan.figures.plot_detection),
