"""Figures. From: tables of data sets, runs, scores and analyses. To: results/figures/, each as png and pdf.

Every png also goes into the report, with the caption of its kind from workflow/report/. A figure's settings are its
resolution and its own section of `figures`, so that another one redraws that figure and nothing else.
"""


include: "keys/figures.smk"


report: "../report/workflow.rst"


rule figures:
    input:
        expand(
            "results/figures/datasets/{dataset}/samples.{format}",
            dataset=[dataset for dataset in used_datasets if dataset not in recorded],
            format=["png", "pdf"],
        ),
        expand(
            "results/figures/experiments/{experiment}/{figure}.{format}",
            experiment=experiments,
            figure=["training", "panel", "data_map", "correlation", "stability"],
            format=["png", "pdf"],
        ),
        expand(
            "results/figures/experiments/{experiment}/gallery.{format}",
            experiment=with_checkpoints,
            format=["png", "pdf"],
        ),
        expand(
            "results/figures/agreement/{group}.{format}",
            group=agreement_groups,
            format=["png", "pdf"],
        ),
        expand(
            "results/figures/detection/{detection}.{format}",
            detection=detections,
            format=["png", "pdf"],
        ),
        lambda w: family_figures,


rule plot_samples:
    input:
        examples="results/datasets/{dataset}/examples.parquet",
        pixels="results/datasets/{dataset}/pixels.parquet",
    output:
        png=report(
            "results/figures/datasets/{dataset}/samples.png",
            caption="../report/samples.rst",
            category="Data sets",
            labels={"data set": "{dataset}"},
        ),
        pdf="results/figures/datasets/{dataset}/samples.pdf",
    log:
        "results/logs/figures/datasets/{dataset}/plot_samples.log",
    benchmark:
        "results/benchmarks/figures/datasets/{dataset}/plot_samples.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=20,
    params:
        settings=figure_settings("samples"),
        code=source_digest("plot_samples"),
        upstream=lambda w: dataset_key(w.dataset),
    shell:
        "python $SCRIPTS/plot_samples.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_training:
    input:
        history=lambda w: experiment_files(w.experiment, "history.parquet"),
        steps=lambda w: experiment_files(w.experiment, "steps.parquet") if w.experiment in trained else [],
    output:
        png=report(
            "results/figures/experiments/{experiment}/training.png",
            caption="../report/training.rst",
            category="Training",
            labels={"experiment": "{experiment}", "figure": "training curves"},
        ),
        pdf="results/figures/experiments/{experiment}/training.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_training.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_training.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_training"),
        upstream=lambda w: runs_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_training.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --history {input.history:q} --steps {input.steps:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_panel:
    input:
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/panel.png",
            caption="../report/panel.rst",
            category="Training",
            labels={"experiment": "{experiment}", "figure": "right or wrong"},
        ),
        pdf="results/figures/experiments/{experiment}/panel.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_panel.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_panel.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=20,
    params:
        settings=figure_settings("panel"),
        code=source_digest("plot_panel"),
        upstream=lambda w: runs_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_panel.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --records {input.records:q} --labels {input.labels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_data_map:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/data_map.png",
            caption="../report/data_map.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "data map"},
        ),
        pdf="results/figures/experiments/{experiment}/data_map.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_data_map.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_data_map.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_data_map"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_data_map.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_correlation:
    input:
        correlation="results/experiments/{experiment}/correlation.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/correlation.png",
            caption="../report/correlation.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "correlation of scores"},
        ),
        pdf="results/figures/experiments/{experiment}/correlation.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_correlation.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_correlation.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_correlation"),
        upstream=lambda w: correlation_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --correlation {input.correlation:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_stability:
    input:
        stability="results/experiments/{experiment}/stability.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/stability.png",
            caption="../report/stability.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "stability over seeds"},
        ),
        pdf="results/figures/experiments/{experiment}/stability.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_stability.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_stability.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_stability"),
        upstream=lambda w: correlation_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_stability.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --stability {input.stability:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_gallery:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/gallery.png",
            caption="../report/gallery.rst",
            category="Images",
            labels={"experiment": "{experiment}", "figure": "easiest and hardest"},
        ),
        pdf="results/figures/experiments/{experiment}/gallery.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_gallery.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_gallery.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=figure_settings("gallery"),
        code=source_digest("plot_gallery"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_gallery.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --records {input.records:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_agreement:
    input:
        agreement="results/agreement/{group}.parquet",
    output:
        png=report(
            "results/figures/agreement/{group}.png",
            caption="../report/agreement.rst",
            category="Agreement",
            labels={"group": "{group}", "figure": "agreement"},
        ),
        pdf="results/figures/agreement/{group}.pdf",
    log:
        "results/logs/figures/agreement/{group}/plot_agreement.log",
    benchmark:
        "results/benchmarks/figures/agreement/{group}/plot_agreement.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_agreement"),
        upstream=lambda w: agreement_key(w.group),
    shell:
        "python $SCRIPTS/plot_agreement.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --agreement {input.agreement:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_detection:
    input:
        detection="results/detection/{detection}.parquet",
        curves="results/detection/curves/{detection}.parquet",
        differences="results/detection/differences/{detection}.parquet",
    output:
        png=report(
            "results/figures/detection/{detection}.png",
            caption="../report/detection.rst",
            category="Detection",
            labels={"truth": "{detection}"},
        ),
        pdf="results/figures/detection/{detection}.pdf",
    log:
        "results/logs/figures/detection/{detection}/plot_detection.log",
    benchmark:
        "results/benchmarks/figures/detection/{detection}/plot_detection.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_detection"),
        upstream=lambda w: detection_key(w.detection),
    shell:
        "python $SCRIPTS/plot_detection.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --detection {input.detection:q} --curves {input.curves:q}"
        " --differences {input.differences:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
