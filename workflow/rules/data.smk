"""Data sets. From: a source of images. To: results/datasets/{dataset}/

examples.parquet (what the examples are), pixels.parquet (decoded once for all jobs), images/ (as files,
for people and for subsets), files.parquet (their inodes, sizes, times and checksums: what is checked at every read).
"""


include: "keys/data.smk"


rule data:
    input:
        [path for dataset in needed_datasets for path in dataset_files(dataset)],


rule prepare_dataset:
    input:
        lambda w: literal(source_paths(w.dataset)),
    output:
        examples="results/datasets/{dataset}/examples.parquet",
        pixels="results/datasets/{dataset}/pixels.parquet",
        images=directory("results/datasets/{dataset}/images"),
        files="results/datasets/{dataset}/files.parquet",
    log:
        "results/logs/datasets/{dataset}/prepare_dataset.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/prepare_dataset.tsv"
    wildcard_constraints:
        dataset=any_of(sources),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=120,
    params:
        settings=lambda w: settings_json(datasets[w.dataset]),
        code=lambda w: dataset_code(w.dataset),
        upstream="",
    shell:
        "python $SCRIPTS/prepare_dataset.py --settings {params.settings:q} --code {params.code} --log {log:q}"
        " --examples {output.examples:q} --pixels {output.pixels:q} --images {output.images:q}"
        " --files {output.files:q}"
