"""Statistics of images. From: the images of a data set. To: results/datasets/{dataset}/statistics.parquet, and

results/experiments/{experiment}/scores/images.parquet, the rows of an experiment's own images. A subset has no
statistics of its own: they are those of the same images in the data set that it was chosen from. A figure shows what
they see in some easy and hard images.
"""


include: "keys/images.smk"


rule compute_image_statistics:
    input:
        pixels="results/datasets/{dataset}/pixels.parquet",
        files="results/datasets/{dataset}/files.parquet",
    output:
        "results/datasets/{dataset}/statistics.parquet",
    log:
        "results/logs/datasets/{dataset}/compute_image_statistics.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/compute_image_statistics.tsv"
    wildcard_constraints:
        dataset=any_of(sources),
    conda:
        "../../envs/images.yaml"
    threads: 4
    resources:
        mem_mb=memory(6000),
        runtime=240,
    params:
        settings=statistics_settings(),
        code=source_digest("compute_image_statistics"),
        upstream=lambda w: dataset_key(w.dataset),
    shell:
        "python $SCRIPTS/compute_image_statistics.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --processes {threads}"
        " --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule select_statistics:
    input:
        statistics=lambda w: tables_of_statistics(w.experiment),
        examples=lambda w: examples_of(w.experiment),
    output:
        "results/experiments/{experiment}/scores/images.parquet",
    log:
        "results/logs/experiments/{experiment}/select_statistics.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/select_statistics.tsv"
    wildcard_constraints:
        experiment=any_of(image_experiments),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=20,
    params:
        settings="{}",
        code=source_digest("select_statistics"),
        upstream=lambda w: image_scores_upstream(w.experiment),
    shell:
        "python $SCRIPTS/select_statistics.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --statistics {input.statistics:q}"
        " --examples {input.examples:q} --output {output:q}"


rule plot_image_maps:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/image_maps.png",
            caption="../report/image_maps.rst",
            category="Images",
            labels={"experiment": "{experiment}", "figure": "what statistics see"},
        ),
        pdf="results/figures/experiments/{experiment}/image_maps.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_image_maps.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_image_maps.tsv"
    wildcard_constraints:
        experiment=any_of(list(image_maps)),
    conda:
        "../../envs/image_figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=lambda w: image_maps_settings(w.experiment),
        code=source_digest("plot_image_maps"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_image_maps.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
