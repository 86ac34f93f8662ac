"""Records of other training runs. From: tables of logits or probabilities per example and epoch. To: the examples of a
data set, and per run {run}/records.parquet and history.parquet, as training would have left them.
"""


include: "keys/imports.smk"


rule import_examples:
    input:
        lambda w: literal(source_paths(w.dataset)[:1]),
    output:
        examples="results/datasets/{dataset}/examples.parquet",
    log:
        "results/logs/datasets/{dataset}/import_examples.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/import_examples.tsv"
    wildcard_constraints:
        dataset=any_of(recorded),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        settings=lambda w: import_settings(w.dataset),
        code=source_digest("import_examples"),
        upstream="",
    shell:
        "python $SCRIPTS/import_examples.py --settings {params.settings:q} --code {params.code} --log {log:q}"
        " --records {input:q} --examples {output.examples:q}"


rule import_records:
    input:
        own=lambda w: literal(own_records(w.experiment, w.run)),
        first=lambda w: literal(own_records(w.experiment, "seed-0")),
        labels="results/experiments/{experiment}/labels.parquet",
        examples=lambda w: examples_of(w.experiment),
    output:
        records="results/experiments/{experiment}/{run}/records.parquet",
        history="results/experiments/{experiment}/{run}/history.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/import_records.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/import_records.tsv"
    wildcard_constraints:
        experiment=any_of(imported),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=60,
    params:
        settings=lambda w: import_settings(experiments[w.experiment]["dataset"]),
        code=source_digest("import_records"),
        upstream=lambda w: labels_key(w.experiment),
    shell:
        "python $SCRIPTS/import_records.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --own {input.own:q} --first {input.first:q}"
        " --labels {input.labels:q} --examples {input.examples:q}"
        " --records {output.records:q} --history {output.history:q}"
