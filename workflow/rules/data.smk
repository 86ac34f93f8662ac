"""Data sets. From: a source of images, records of other runs, or a data set and what is known of its examples. To:
results/datasets/{dataset}/

examples.parquet (what the examples are), pixels.parquet (decoded once for all jobs), images/ (as files, for people and
for subsets), files.parquet (their inodes, sizes, times and checksums: what is checked at every read). A subset has the
same, of hard links, and chosen.csv, the list of what was chosen and why.
"""


rule prepare_dataset:
    """Reads images and labels from their source and decodes them once."""
    input:
        users_files(plan.data.source_paths),
    output:
        examples=paths.EXAMPLES,
        pixels=paths.PIXELS,
        images=directory(paths.IMAGES),
        files=paths.FILES,
    log:
        paths.log("datasets/{dataset}/prepare_dataset"),
    benchmark:
        paths.benchmark("datasets/{dataset}/prepare_dataset")
    wildcard_constraints:
        dataset=any_of(plan.data.sources),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: of_wildcards(plan.data.processes)
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.data.prepare_dataset),
    shell:
        command("prepare_dataset", "processes", outputs="examples pixels images files")


rule import_examples:
    """Reads the examples of records that other training runs wrote."""
    input:
        records=users_files(plan.data.first_source_path),
    output:
        examples=paths.EXAMPLES,
    log:
        paths.log("datasets/{dataset}/import_examples"),
    benchmark:
        paths.benchmark("datasets/{dataset}/import_examples")
    wildcard_constraints:
        dataset=any_of(plan.data.recorded),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.data.import_examples),
    shell:
        command("import_examples", inputs="records", outputs="examples")


rule link_subset:
    """Chooses examples of a data set and links their images."""
    input:
        examples=lambda w: plan.data.parent(paths.EXAMPLES, w.dataset),
        pixels=lambda w: plan.data.parent(paths.PIXELS, w.dataset),
        files=lambda w: plan.data.parent(paths.FILES, w.dataset),
        evidence=subset_evidence,
    output:
        examples=paths.EXAMPLES,
        pixels=paths.PIXELS,
        files=paths.FILES,
        chosen=paths.CHOSEN,
        images=directory(paths.IMAGES),
    log:
        paths.log("datasets/{dataset}/link_subset"),
    benchmark:
        paths.benchmark("datasets/{dataset}/link_subset")
    wildcard_constraints:
        dataset=any_of(plan.data.subsets),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.data.link_subset),
        runs=of_wildcards(plan.data.subset_runs),
    shell:
        command(
            "link_subset",
            "runs",
            inputs="parent_examples=examples parent_pixels=pixels parent_files=files evidence",
            outputs="examples pixels files images list=chosen",
        )
