"""Do other seeds and other experiments find the same examples hard? From: the scores of every run of a group. To:
results/agreement/{group}-order.parquet and {group}-reliability.parquet, and a figure where it has several experiments
(for one there is the figure of stability).
"""


include: "keys/order_stability.smk"


rule compute_order_stability:
    input:
        families=lambda w: order_tables(w.group),
    output:
        order="results/agreement/{group}-order.parquet",
        reliability="results/agreement/{group}-reliability.parquet",
    log:
        "results/logs/agreement/{group}/compute_order_stability.log",
    benchmark:
        "results/benchmarks/agreement/{group}/compute_order_stability.tsv"
    wildcard_constraints:
        group=any_of(agreement_groups),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=order_settings(),
        code=source_digest("compute_order_stability"),
        upstream=lambda w: order_upstream(w.group),
    shell:
        "python $SCRIPTS/compute_order_stability.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --families {input.families:q}"
        " --output {output.order:q} --reliability {output.reliability:q}"


rule plot_order_stability:
    input:
        order="results/agreement/{group}-order.parquet",
    output:
        png=report(
            "results/figures/agreement/{group}/order.png",
            caption="../report/order_stability.rst",
            category="Agreement",
            labels={"group": "{group}", "figure": "order of the examples"},
        ),
        pdf="results/figures/agreement/{group}/order.pdf",
    log:
        "results/logs/figures/agreement/{group}/plot_order_stability.log",
    benchmark:
        "results/benchmarks/figures/agreement/{group}/plot_order_stability.tsv"
    wildcard_constraints:
        group=any_of(groups_of_several),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_order_stability"),
        upstream=lambda w: order_key(w.group),
    shell:
        "python $SCRIPTS/plot_order_stability.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --order {input.order:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
