"""The toy experiment of variance of gradients. From: nothing but its settings. To: results/vog-toy/

scores.parquet (a row per network, stage and point), boundary.parquet, summary.parquet (correlation with the distance
to the boundary), and its figures.
"""


include: "keys/vog_toy.smk"


rule compute_vog_toy:
    output:
        scores="results/vog-toy/scores.parquet",
        boundary="results/vog-toy/boundary.parquet",
        summary="results/vog-toy/summary.parquet",
    log:
        "results/logs/vog-toy/compute_vog_toy.log",
    benchmark:
        "results/benchmarks/vog-toy/compute_vog_toy.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        settings=settings_json(vog_toy),
        code=source_digest("compute_vog_toy"),
    shell:
        "python $SCRIPTS/compute_vog_toy.py --settings {params.settings:q} --code {params.code} --log {log:q}"
        " --scores {output.scores:q} --boundary {output.boundary:q} --summary {output.summary:q}"


rule plot_vog_toy_boundary:
    input:
        scores="results/vog-toy/scores.parquet",
        boundary="results/vog-toy/boundary.parquet",
        summary="results/vog-toy/summary.parquet",
    output:
        png=report(
            "results/figures/vog-toy/boundary.png",
            caption="../report/vog_toy_boundary.rst",
            category="Variance of gradients, toy experiment",
            labels={"figure": "points in the plane"},
        ),
        pdf="results/figures/vog-toy/boundary.pdf",
    log:
        "results/logs/figures/vog-toy/plot_vog_toy_boundary.log",
    benchmark:
        "results/benchmarks/figures/vog-toy/plot_vog_toy_boundary.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=vog_toy_figure_settings(),
        code=source_digest("plot_vog_toy_boundary"),
        upstream=vog_toy_key(),
    shell:
        "python $SCRIPTS/plot_vog_toy_boundary.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --boundary {input.boundary:q} --summary {input.summary:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_vog_toy_distance:
    input:
        scores="results/vog-toy/scores.parquet",
        summary="results/vog-toy/summary.parquet",
    output:
        png=report(
            "results/figures/vog-toy/distance-{split}.png",
            caption="../report/vog_toy_distance.rst",
            category="Variance of gradients, toy experiment",
            labels={"figure": "score by distance, {split}"},
        ),
        pdf="results/figures/vog-toy/distance-{split}.pdf",
    log:
        "results/logs/figures/vog-toy/plot_vog_toy_distance-{split}.log",
    benchmark:
        "results/benchmarks/figures/vog-toy/plot_vog_toy_distance-{split}.tsv"
    wildcard_constraints:
        split=any_of(VOG_TOY_SPLITS),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=vog_toy_figure_settings(),
        code=source_digest("plot_vog_toy_distance"),
        upstream=vog_toy_key(),
    shell:
        "python $SCRIPTS/plot_vog_toy_distance.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --split {wildcards.split} --scores {input.scores:q} --summary {input.summary:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_vog_toy_correlation:
    input:
        summary="results/vog-toy/summary.parquet",
    output:
        png=report(
            "results/figures/vog-toy/correlation.png",
            caption="../report/vog_toy_correlation.rst",
            category="Variance of gradients, toy experiment",
            labels={"figure": "correlation with the distance"},
        ),
        pdf="results/figures/vog-toy/correlation.pdf",
    log:
        "results/logs/figures/vog-toy/plot_vog_toy_correlation.log",
    benchmark:
        "results/benchmarks/figures/vog-toy/plot_vog_toy_correlation.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=vog_toy_figure_settings(),
        code=source_digest("plot_vog_toy_correlation"),
        upstream=vog_toy_key(),
    shell:
        "python $SCRIPTS/plot_vog_toy_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --summary {input.summary:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
