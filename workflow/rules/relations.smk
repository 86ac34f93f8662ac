"""Do images that look a certain way get learned late? From: the scores of an experiment, and what is known of its

images (their statistics, and truth columns that hold numbers). To: results/experiments/{experiment}/relations.parquet;
and, from the records of the runs of a group, results/agreement/{group}-statistics.parquet: what the images look like that
all of them get right. And figures of both.
"""


include: "keys/relations.smk"


rule compute_relations:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
        statistics=lambda w: related_statistics([w.experiment]),
    output:
        "results/experiments/{experiment}/relations.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_relations.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_relations.tsv"
    wildcard_constraints:
        experiment=any_of(related_experiments),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=relations_settings(),
        code=source_digest("compute_relations"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/compute_relations.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --examples {input.examples:q} --statistics {input.statistics:q} --output {output:q}"


rule describe_agreed:
    input:
        records=lambda w: group_files(w.group, "records.parquet"),
        labels=lambda w: expand(
            "results/experiments/{experiment}/labels.parquet",
            experiment=agreement_groups[w.group],
        ),
        examples=lambda w: examples_of(agreement_groups[w.group][0]),
        statistics=lambda w: related_statistics(agreement_groups[w.group]),
    output:
        "results/agreement/{group}-statistics.parquet",
    log:
        "results/logs/agreement/{group}/describe_agreed.log",
    benchmark:
        "results/benchmarks/agreement/{group}/describe_agreed.tsv"
    wildcard_constraints:
        group=any_of(related_groups),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=30,
    params:
        settings="{}",
        code=source_digest("describe_agreed"),
        upstream=lambda w: agreed_upstream(w.group),
    shell:
        "python $SCRIPTS/describe_agreed.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --records {input.records:q} --labels {input.labels:q} --examples {input.examples:q}"
        " --statistics {input.statistics:q} --output {output:q}"


rule plot_relations:
    input:
        relations="results/experiments/{experiment}/relations.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/relations.png",
            caption="../report/relations.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "relations of statistics of images"},
        ),
        pdf="results/figures/experiments/{experiment}/relations.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_relations.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_relations.tsv"
    wildcard_constraints:
        experiment=any_of(related_experiments),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=drawn_settings(drawn=analyses["relations"]["drawn"]),
        code=source_digest("plot_relations"),
        upstream=lambda w: relations_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_relations.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --relations {input.relations:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_statistics_histograms:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
        statistics=lambda w: related_statistics([w.experiment]),
    output:
        png=report(
            "results/figures/experiments/{experiment}/statistics_histograms.png",
            caption="../report/statistics_histograms.rst",
            category="Scores",
            labels={"experiment": "{experiment}", "figure": "statistics of easy and hard images"},
        ),
        pdf="results/figures/experiments/{experiment}/statistics_histograms.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_statistics_histograms.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_statistics_histograms.tsv"
    wildcard_constraints:
        experiment=any_of(related_experiments),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=drawn_settings(score=analyses["relations"]["drawn"][0]),
        code=source_digest("plot_statistics_histograms"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_statistics_histograms.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --examples {input.examples:q} --statistics {input.statistics:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_agreed_statistics:
    input:
        statistics="results/agreement/{group}-statistics.parquet",
    output:
        png=report(
            "results/figures/agreement/{group}/statistics.png",
            caption="../report/agreed_statistics.rst",
            category="Agreement",
            labels={"group": "{group}", "figure": "statistics of images"},
        ),
        pdf="results/figures/agreement/{group}/statistics.pdf",
    log:
        "results/logs/figures/agreement/{group}/plot_agreed_statistics.log",
    benchmark:
        "results/benchmarks/figures/agreement/{group}/plot_agreed_statistics.tsv"
    wildcard_constraints:
        group=any_of(related_groups),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_agreed_statistics"),
        upstream=lambda w: agreed_key(w.group),
    shell:
        "python $SCRIPTS/plot_agreed_statistics.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --statistics {input.statistics:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
