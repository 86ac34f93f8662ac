"""Average precision, where images have several labels. From: the saved networks of every run. To:

results/experiments/{experiment}/{run}/average_precision.parquet, of all runs
results/experiments/{experiment}/average_precision.parquet, and a figure. Nothing is trained.
"""


include: "keys/multi_label.smk"


rule score_average_precision:
    input:
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/average_precision.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/score_average_precision.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/score_average_precision.tsv"
    wildcard_constraints:
        experiment=any_of(list(precision_epochs)),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=120,
    params:
        settings=lambda w: precision_settings(w.experiment),
        code=lambda w: precision_code(w.experiment),
        upstream=lambda w: run_key(w.experiment),
    shell:
        "python $SCRIPTS/score_average_precision.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --workers {resources.workers}"
        " --checkpoints {input.checkpoints:q} --labels {input.labels:q}"
        " --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule collect_average_precision:
    input:
        lambda w: experiment_files(w.experiment, "average_precision.parquet"),
    output:
        "results/experiments/{experiment}/average_precision.parquet",
    log:
        "results/logs/experiments/{experiment}/collect_average_precision.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/collect_average_precision.tsv"
    wildcard_constraints:
        experiment=any_of(list(precision_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        settings="{}",
        code=source_digest("collect_average_precision"),
        upstream=lambda w: precision_upstream(w.experiment),
    shell:
        "python $SCRIPTS/collect_average_precision.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --runs {input:q} --output {output:q}"


rule plot_average_precision:
    input:
        "results/experiments/{experiment}/average_precision.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/average_precision.png",
            caption="../report/average_precision.rst",
            category="Training",
            labels={"experiment": "{experiment}", "figure": "average precision"},
        ),
        pdf="results/figures/experiments/{experiment}/average_precision.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_average_precision.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_average_precision.tsv"
    wildcard_constraints:
        experiment=any_of(list(precision_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_average_precision"),
        upstream=lambda w: precision_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_average_precision.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --average-precision {input:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
