"""What variance of gradients tells. From: its scores, those of every run, and all scores of an experiment. To:
results/experiments/{experiment}/vog-errors.parquet (where networks err), vog-correlation.parquet (which scores say the
same), vog-label-noise.parquet (corrupt against other labels), and their figures.
"""


include: "keys/vog_figures.smk"


rule compute_vog_analysis:
    input:
        labels="results/experiments/{experiment}/labels.parquet",
        scores="results/experiments/{experiment}/scores.parquet",
        family="results/experiments/{experiment}/scores/vog.parquet",
        runs=lambda w: vog_runs(w.experiment),
    output:
        errors="results/experiments/{experiment}/vog-errors.parquet",
        correlation="results/experiments/{experiment}/vog-correlation.parquet",
        label_noise="results/experiments/{experiment}/vog-label-noise.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_vog_analysis.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_vog_analysis.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=240,
    params:
        settings=lambda w: vog_analysis_settings(w.experiment),
        code=source_digest("compute_vog_analysis"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/compute_vog_analysis.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --labels {input.labels:q} --scores {input.scores:q} --family {input.family:q} --runs {input.runs:q}"
        " --errors {output.errors:q} --correlation {output.correlation:q} --label-noise {output.label_noise:q}"


rule plot_vog_errors:
    input:
        errors="results/experiments/{experiment}/vog-errors.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/vog_errors.png",
            caption="../report/vog_errors.rst",
            category="Variance of gradients",
            labels={"experiment": "{experiment}", "figure": "errors by variance of gradients"},
        ),
        pdf="results/figures/experiments/{experiment}/vog_errors.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_vog_errors.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_vog_errors.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=lambda w: vog_figure_settings(w.experiment),
        code=source_digest("plot_vog_errors"),
        upstream=lambda w: vog_analysis_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_vog_errors.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --errors {input.errors:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_vog_correlation:
    input:
        correlation="results/experiments/{experiment}/vog-correlation.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/vog_correlation.png",
            caption="../report/vog_correlation.rst",
            category="Variance of gradients",
            labels={"experiment": "{experiment}", "figure": "correlation with other scores"},
        ),
        pdf="results/figures/experiments/{experiment}/vog_correlation.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_vog_correlation.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_vog_correlation.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=lambda w: vog_figure_settings(w.experiment, epochs=False),
        code=source_digest("plot_vog_correlation"),
        upstream=lambda w: vog_analysis_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_vog_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --correlation {input.correlation:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_vog_stages:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        correlation="results/experiments/{experiment}/vog-correlation.parquet",
        label_noise="results/experiments/{experiment}/vog-label-noise.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/vog_stages.png",
            caption="../report/vog_stages.rst",
            category="Variance of gradients",
            labels={"experiment": "{experiment}", "figure": "early and late"},
        ),
        pdf="results/figures/experiments/{experiment}/vog_stages.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_vog_stages.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_vog_stages.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=lambda w: vog_figure_settings(w.experiment),
        code=source_digest("plot_vog_stages"),
        upstream=lambda w: vog_analysis_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_vog_stages.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --correlation {input.correlation:q} --label-noise {input.label_noise:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_vog_gallery:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/vog_gallery.png",
            caption="../report/vog_gallery.rst",
            category="Variance of gradients",
            labels={"experiment": "{experiment}", "figure": "lowest and highest"},
        ),
        pdf="results/figures/experiments/{experiment}/vog_gallery.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_vog_gallery.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_vog_gallery.tsv"
    wildcard_constraints:
        experiment=any_of(with_vog_gallery),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=lambda w: vog_gallery_settings(w.experiment),
        code=source_digest("plot_gallery"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_gallery.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --records {input.records:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
