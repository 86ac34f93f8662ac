"""Images that networks do not know. From: the checkpoints of every run, and a further data set. To:
results/experiments/{experiment}/

{run}/tested/{dataset}.parquet (variance of gradients of the predicted class, of test images) and
out-of-distribution/{dataset}.parquet, which compares them with the experiment's own test images; and its figure.
"""


include: "keys/distributions.smk"


rule stream_tested_vog:
    input:
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        examples="results/datasets/{dataset}/examples.parquet",
        pixels="results/datasets/{dataset}/pixels.parquet",
        files="results/datasets/{dataset}/files.parquet",
    output:
        "results/experiments/{experiment}/{run}/tested/{dataset}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/stream_tested_vog/{dataset}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/stream_tested_vog/{dataset}.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=720,
    params:
        settings=lambda w: tested_settings(w.experiment),
        code=lambda w: streaming_code(w.experiment),
        upstream=lambda w: tested_upstream(w.experiment, w.dataset),
    shell:
        "python $SCRIPTS/stream_vog.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --checkpoints {input.checkpoints:q}"
        " --labels {input.examples:q} --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule compare_distributions:
    input:
        own=lambda w: tested_runs(w.experiment, tested_datasets(w.experiment)[0]),
        other=lambda w: tested_runs(w.experiment, w.dataset),
    output:
        comparison="results/experiments/{experiment}/out-of-distribution/{dataset}.parquet",
        curves="results/experiments/{experiment}/out-of-distribution/curves/{dataset}.parquet",
    log:
        "results/logs/experiments/{experiment}/compare_distributions/{dataset}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compare_distributions/{dataset}.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=lambda w: distribution_settings(w.experiment),
        code=source_digest("compare_distributions"),
        upstream=lambda w: distribution_key(w.experiment, w.dataset),
    shell:
        "python $SCRIPTS/compare_distributions.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --own {input.own:q} --other {input.other:q}"
        " --output {output.comparison:q} --curves {output.curves:q}"


rule plot_out_of_distribution:
    input:
        comparison="results/experiments/{experiment}/out-of-distribution/{dataset}.parquet",
        curves="results/experiments/{experiment}/out-of-distribution/curves/{dataset}.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/out_of_distribution/{dataset}.png",
            caption="../report/out_of_distribution.rst",
            category="Variance of gradients",
            labels={"experiment": "{experiment}", "figure": "images of {dataset}"},
        ),
        pdf="results/figures/experiments/{experiment}/out_of_distribution/{dataset}.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_out_of_distribution/{dataset}.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_out_of_distribution/{dataset}.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_out_of_distribution"),
        upstream=lambda w: distribution_key(w.experiment, w.dataset),
    shell:
        "python $SCRIPTS/plot_out_of_distribution.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --comparison {input.comparison:q} --curves {input.curves:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
