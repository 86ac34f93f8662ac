"""Accuracy of all runs on one page. From: the evaluation of every run. To: results/evaluations.parquet and its figure."""


include: "keys/evaluations.smk"


rule collect_evaluations:
    input:
        lambda w: [
            path for experiment in with_checkpoints for path in experiment_files(experiment, "evaluation.parquet")
        ],
    output:
        "results/evaluations.parquet",
    log:
        "results/logs/collect_evaluations.log",
    benchmark:
        "results/benchmarks/collect_evaluations.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        settings="{}",
        code=source_digest("collect_evaluations"),
        upstream=lambda w: evaluations_upstream(),
    shell:
        "python $SCRIPTS/collect_evaluations.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --evaluations {input:q} --output {output:q}"


rule plot_evaluations:
    input:
        "results/evaluations.parquet",
    output:
        png=report(
            "results/figures/evaluations.png",
            caption="../report/evaluations.rst",
            category="Training",
            labels={"figure": "test accuracy of all runs"},
        ),
        pdf="results/figures/evaluations.pdf",
    log:
        "results/logs/figures/plot_evaluations.log",
    benchmark:
        "results/benchmarks/figures/plot_evaluations.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_evaluations"),
        upstream=lambda w: evaluations_key(),
    shell:
        "python $SCRIPTS/plot_evaluations.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --evaluations {input:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
