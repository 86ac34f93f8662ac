"""What explains predictions. From: factors of every run. To: results/experiments/{experiment}/

queries/{queries}.parquet (the test examples that are asked about), {run}/pairwise/{queries}/{variant}-epoch-{epoch}.parquet
(influence of each training example on them), influential/{queries}/{variant}.parquet (the most influential ones, over all
runs and checkpoints) and, beside it, {variant}-overall.parquet; and a figure of these images.
"""


include: "keys/pairwise_influence.smk"


rule choose_queries:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        labels="results/experiments/{experiment}/labels.parquet",
        examples=lambda w: examples_of(w.experiment),
        records=lambda w: queries_records(w.experiment, w.queries),
    output:
        "results/experiments/{experiment}/queries/{queries}.parquet",
    log:
        "results/logs/experiments/{experiment}/choose_queries/{queries}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/choose_queries/{queries}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        queries=any_of(QUERY_SETS),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        settings=lambda w: queries_settings(w.queries),
        code=source_digest("choose_queries"),
        upstream=lambda w: queries_upstream(w.experiment, w.queries),
    shell:
        "python $SCRIPTS/choose_queries.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --labels {input.labels:q} --examples {input.examples:q}"
        " --records {input.records:q} --output {output:q}"


rule score_pairwise_influence:
    input:
        factors="results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}",
        queries="results/experiments/{experiment}/queries/{queries}.parquet",
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        scores="results/experiments/{experiment}/{run}/pairwise/{queries}/{variant}-epoch-{epoch}.parquet",
        examples="results/experiments/{experiment}/{run}/pairwise/{queries}/{variant}-epoch-{epoch}-examples.parquet",
        timing="results/experiments/{experiment}/{run}/pairwise/{queries}/{variant}-epoch-{epoch}-timing.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/score_pairwise_influence/{queries}/{variant}-epoch-{epoch}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/score_pairwise_influence/{queries}/{variant}-epoch-{epoch}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        queries=any_of(QUERY_SETS),
        variant=any_of(VARIANTS),
        epoch=r"\d+",
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=influence["memory"],
        mem_mb=memory(influence["memory"] + 6000),
        runtime=720,
    params:
        settings=lambda w: pairwise_settings(w.experiment, w.variant),
        code=lambda w: pairwise_code(w.experiment),
        upstream=lambda w: pairwise_upstream(w.experiment, w.variant, w.queries),
    shell:
        "python $SCRIPTS/score_pairwise_influence.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --memory {resources.budget} --epoch {wildcards.epoch}"
        " --factors {input.factors:q} --queries {input.queries:q} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q}"
        " --timing {output.timing:q} --examples {output.examples:q} --output {output.scores:q}"


rule rank_influential:
    input:
        pairwise=lambda w: pairwise_tables(w.experiment, w.variant, w.queries),
        lists=lambda w: pairwise_tables(w.experiment, w.variant, w.queries, "-examples"),
        queries="results/experiments/{experiment}/queries/{queries}.parquet",
        examples=lambda w: examples_of(w.experiment),
    output:
        influential="results/experiments/{experiment}/influential/{queries}/{variant}.parquet",
        overall="results/experiments/{experiment}/influential/{queries}/{variant}-overall.parquet",
    log:
        "results/logs/experiments/{experiment}/rank_influential/{queries}/{variant}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/rank_influential/{queries}/{variant}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        queries=any_of(QUERY_SETS),
        variant=any_of(VARIANTS),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        settings=lambda w: influential_settings(w.experiment),
        code=source_digest("rank_influential"),
        upstream=lambda w: influential_upstream(w.experiment, w.variant, w.queries),
    shell:
        "python $SCRIPTS/rank_influential.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --pairwise {input.pairwise:q} --queries {input.queries:q}"
        " --examples {input.examples:q} --output {output.influential:q} --overall {output.overall:q}"


rule plot_influential:
    input:
        influential="results/experiments/{experiment}/influential/{queries}/{variant}.parquet",
        overall="results/experiments/{experiment}/influential/{queries}/{variant}-overall.parquet",
        queries="results/experiments/{experiment}/queries/{queries}.parquet",
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
        labels="results/experiments/{experiment}/labels.parquet",
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/influential/{queries}/{variant}.png",
            caption="../report/influential.rst",
            category="Influence",
            labels={
                "experiment": "{experiment}",
                "figure": "influential images, {queries}, {variant}",
            },
        ),
        pdf="results/figures/experiments/{experiment}/influential/{queries}/{variant}.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_influential/{queries}/{variant}.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_influential/{queries}/{variant}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        queries=any_of(QUERY_SETS),
        variant=any_of(VARIANTS),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=20,
    params:
        settings=influential_figure_settings(),
        code=source_digest("plot_influential"),
        upstream=lambda w: influential_figure_upstream(w.experiment, w.variant, w.queries),
    shell:
        "python $SCRIPTS/plot_influential.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --influential {input.influential:q} --overall {input.overall:q} --queries {input.queries:q}"
        " --records {input.records:q} --labels {input.labels:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
