"""Experiments beside each other. From: the history of all their runs. To: results/figures/comparisons/{comparison}/

loss and top1 over the epochs: pristine against corrupt labels, train against test.
"""


include: "keys/comparisons.smk"


rule plot_comparison:
    input:
        histories=lambda w: [
            path
            for experiment in comparisons[w.comparison]
            for path in experiment_files(experiment, "history.parquet")
        ],
    output:
        png=report(
            "results/figures/comparisons/{comparison}/{measure}.png",
            caption="../report/comparison.rst",
            category="Training",
            labels={"group": "{comparison}", "figure": "{measure}, compared"},
        ),
        pdf="results/figures/comparisons/{comparison}/{measure}.pdf",
    log:
        "results/logs/figures/comparisons/{comparison}/plot_comparison-{measure}.log",
    benchmark:
        "results/benchmarks/figures/comparisons/{comparison}/plot_comparison-{measure}.tsv"
    wildcard_constraints:
        comparison=any_of(list(comparisons)),
        measure="loss|top1",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=lambda w: comparison_figure_settings(w.measure),
        code=source_digest("plot_comparison"),
        upstream=lambda w: comparison_figure_upstream(w.comparison),
    shell:
        "python $SCRIPTS/plot_comparison.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --histories {input.histories:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
