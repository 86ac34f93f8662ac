"""Scores against truth columns that are numbers. From: the scores of an experiment, and its examples. To:
results/experiments/{experiment}/truth-correlation.parquet and its figure.
"""


include: "keys/truth.smk"


rule compute_truth_correlation:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
    output:
        "results/experiments/{experiment}/truth-correlation.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_truth_correlation.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_truth_correlation.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=settings_json(analyses["truth_correlation"]),
        code=source_digest("compute_truth_correlation"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/compute_truth_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --examples {input.examples:q}"
        " --output {output:q}"


rule plot_truth_correlation:
    input:
        correlation="results/experiments/{experiment}/truth-correlation.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/truth_correlation.png",
            caption="../report/truth_correlation.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "correlation with what makes images hard"},
        ),
        pdf="results/figures/experiments/{experiment}/truth_correlation.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_truth_correlation.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_truth_correlation.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_truth_correlation"),
        upstream=lambda w: truth_correlation_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_truth_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --correlation {input.correlation:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
