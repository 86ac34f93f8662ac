"""Data sets. From: a source of images. To: results/datasets/{dataset}/

examples.parquet (what the examples are), pixels.parquet (decoded once for all jobs), images/ (as files, for people).
"""


def dataset_code(dataset):
    return source_digest("prepare_dataset", f"datasets.{datasets[dataset]['source']}")


@lru_cache
def dataset_key(dataset):
    return hash_chain(settings_json(datasets[dataset]), dataset_code(dataset))


@lru_cache
def source_paths(dataset):
    """What a data set is read from: files, or folders, whose times change when an image is added or removed."""
    settings = datasets[dataset]
    files = settings.get("files", {}).values()
    paths = [path for part in files for path in ([part] if isinstance(part, str) else part)]
    if "path" in settings:
        paths.append(settings["path"])
    for path in paths:
        if not os.path.exists(path):
            print(f"datasets.{dataset}: no such file or folder: {path}; mend the configuration", file=sys.stderr)
            sys.exit(1)
    folders = [path for path in paths if os.path.isdir(path)]
    for _ in ("splits", "classes"):
        folders = [entry.path for folder in folders for entry in os.scandir(folder) if entry.is_dir()]
        paths += sorted(folders)
    return paths


used_datasets = sorted(
    {settings["dataset"] for settings in experiments.values()}
    | {dataset for further in configuration.evaluations.values() for dataset in further}
)


rule data:
    input:
        expand("results/datasets/{dataset}/{table}.parquet", dataset=used_datasets, table=["examples", "pixels"]),


rule prepare_dataset:
    input:
        lambda w: source_paths(w.dataset),
    output:
        examples="results/datasets/{dataset}/examples.parquet",
        pixels="results/datasets/{dataset}/pixels.parquet",
        images=directory("results/datasets/{dataset}/images"),
    log:
        "results/logs/datasets/{dataset}/prepare_dataset.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/prepare_dataset.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=lambda w: settings_json(datasets[w.dataset]),
        code=lambda w: dataset_code(w.dataset),
        upstream="",
    shell:
        "python $SCRIPTS/prepare_dataset.py --settings {params.settings:q} --code {params.code} --log {log:q}"
        " --examples {output.examples:q} --pixels {output.pixels:q} --images {output.images:q}"
