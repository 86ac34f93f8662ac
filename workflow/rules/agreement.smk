"""Agreement. From: the records and scores of the runs of a group. To: results/agreement/

{group}.parquet (which examples all networks get right, over those that any does), {group}-order.parquet and
{group}-reliability.parquet (whether they find the same examples hard), {group}-statistics.parquet (what the images look
like that all of them get right).
"""


rule compute_agreement:
    """Computes on which examples the networks of a group agree."""
    input:
        records=lambda w: plan.agreement.of_runs(paths.RECORDS, w.group),
        labels=of_wildcards(plan.agreement.labels),
        examples=lambda w: plan.data.path(paths.EXAMPLES, plan.agreement.groups[w.group][0]),
    output:
        curve=paths.AGREEMENT,
        classes=paths.AGREEMENT_CLASSES,
    log:
        paths.log("agreement/{group}/compute_agreement"),
    benchmark:
        paths.benchmark("agreement/{group}/compute_agreement")
    wildcard_constraints:
        group=any_of(plan.agreement.groups),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.agreement.compute_agreement),
    shell:
        command("compute_agreement", inputs="records labels examples", outputs="output=curve classes")


rule compute_order_stability:
    """Computes whether other seeds and other experiments find the same examples hard."""
    input:
        families=of_wildcards(plan.agreement.order_tables),
    output:
        order=paths.ORDER,
        reliability=paths.RELIABILITY,
    log:
        paths.log("agreement/{group}/compute_order_stability"),
    benchmark:
        paths.benchmark("agreement/{group}/compute_order_stability")
    wildcard_constraints:
        group=any_of(plan.agreement.groups),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.agreement.compute_order_stability),
    shell:
        command("compute_order_stability", inputs="families", outputs="output=order reliability")


rule describe_agreed:
    """Describes the images that all networks of a group get right."""
    input:
        records=lambda w: plan.agreement.of_runs(paths.RECORDS, w.group),
        labels=of_wildcards(plan.agreement.labels),
        examples=lambda w: plan.data.path(paths.EXAMPLES, plan.agreement.groups[w.group][0]),
        statistics=lambda w: plan.images.related_statistics(plan.agreement.groups[w.group]),
    output:
        paths.AGREED_STATISTICS,
    log:
        paths.log("agreement/{group}/describe_agreed"),
    benchmark:
        paths.benchmark("agreement/{group}/describe_agreed")
    wildcard_constraints:
        group=any_of(plan.agreement.related),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.agreement.describe_agreed),
    shell:
        command("describe_agreed", inputs="records labels examples statistics")
