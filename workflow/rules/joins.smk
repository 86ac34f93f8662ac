"""Statistics that somebody else measured of images, joined to them.

From: a user's table. To: results/datasets/{dataset}/joins/, a table for each of them, and, beside the computed
statistics, results/experiments/{experiment}/scores/images.parquet. A subset that is chosen by one has chosen_by.parquet,
which says how hard each training image is by it.
"""


include: "keys/joins.smk"


rule join_statistic:
    input:
        table=lambda w: literal(joined_file(w.join)),
        examples="results/datasets/{dataset}/examples.parquet",
    output:
        "results/datasets/{dataset}/joins/{join}.parquet",
    log:
        "results/logs/datasets/{dataset}/join_statistic-{join}.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/join_statistic-{join}.tsv"
    wildcard_constraints:
        dataset=any_of(sources),
        join=any_of(joins),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=20,
    params:
        settings=lambda w: join_settings(w.join),
        code=source_digest("join_statistic"),
        upstream=lambda w: dataset_key(w.dataset),
    shell:
        "python $SCRIPTS/join_statistic.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --table {input.table:q} --examples {input.examples:q}"
        " --output {output:q}"


rule order_by_joined:
    input:
        joined=lambda w: joined_table(join_of_subset(w.dataset)),
        examples=lambda w: f"results/datasets/{datasets[w.dataset]['of']}/examples.parquet",
    output:
        "results/datasets/{dataset}/chosen_by.parquet",
    log:
        "results/logs/datasets/{dataset}/order_by_joined.log",
    benchmark:
        "results/benchmarks/datasets/{dataset}/order_by_joined.tsv"
    wildcard_constraints:
        dataset=any_of(chosen_by_joined),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=20,
    params:
        settings=lambda w: joined_order_settings(w.dataset),
        code=source_digest("order_by_joined"),
        upstream=lambda w: joined_order_upstream(w.dataset),
    shell:
        "python $SCRIPTS/order_by_joined.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --joined {input.joined:q} --examples {input.examples:q}"
        " --output {output:q}"
