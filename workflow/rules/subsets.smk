"""Subsets. From: a data set, and what an experiment on it says of its examples. To: results/datasets/{dataset}/

The same tables as any data set, images/ of hard links, and chosen.csv, the list of what was chosen and why. An
experiment's scores and records count as `ancient`: they are written again when a seed is added, which changes nothing
here; `upstream` tells when what was chosen by has changed.
"""


include: "keys/subsets.smk"


rule link_subset:
    input:
        examples=lambda w: f"results/datasets/{datasets[w.dataset]['of']}/examples.parquet",
        pixels=lambda w: f"results/datasets/{datasets[w.dataset]['of']}/pixels.parquet",
        files=lambda w: f"results/datasets/{datasets[w.dataset]['of']}/files.parquet",
        evidence=lambda w: subset_evidence(w.dataset),
    output:
        examples="results/datasets/{dataset}/examples.parquet",
        pixels="results/datasets/{dataset}/pixels.parquet",
        files="results/datasets/{dataset}/files.parquet",
        chosen="results/datasets/{dataset}/chosen.csv",
        images=directory("results/datasets/{dataset}/images"),
    log:
        "results/logs/datasets/{dataset}/link_subset.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/link_subset.tsv"
    wildcard_constraints:
        dataset=any_of(subsets),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        settings=lambda w: settings_json(datasets[w.dataset], SUBSET_KEYS),
        code=source_digest("link_subset"),
        upstream=lambda w: subset_upstream(w.dataset),
        runs=lambda w: subset_runs(w.dataset),
    shell:
        "python $SCRIPTS/link_subset.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --parent-examples {input.examples:q}"
        " --parent-pixels {input.pixels:q} --parent-files {input.files:q} --evidence {input.evidence:q}"
        " --runs {params.runs:q} --examples {output.examples:q} --pixels {output.pixels:q} --files {output.files:q}"
        " --images {output.images:q} --list {output.chosen:q}"
