"""Variance of gradients. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/gradients/epoch-{epoch}.parquet (one map per example and checkpoint), {run}/vog.parquet (every stage) and
scores/vog.parquet (every run). With `keep_gradients: false`, {run}/vog.parquet comes from the checkpoints directly.
With several `shards`, files of a run end in -shard-{number}.
"""


include: "keys/gradients.smk"


rule extract_gradients:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/gradients/epoch-{epoch}{shard}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/extract_gradients/epoch-{epoch}{shard}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/extract_gradients/epoch-{epoch}{shard}.tsv"
    wildcard_constraints:
        experiment=any_of(with_maps),
        epoch=r"\d+",
        shard=SHARD,
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=720,
    params:
        settings=lambda w: gradient_settings(w.experiment),
        code=lambda w: gradients_code(w.experiment),
        upstream=lambda w: run_key(w.experiment),
    shell:
        "python $SCRIPTS/extract_gradients.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule compute_vog:
    input:
        lambda w: run_gradients(w.experiment, w.run, w.shard),
    output:
        "results/experiments/{experiment}/{run}/vog{shard}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/compute_vog{shard}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/compute_vog{shard}.tsv"
    wildcard_constraints:
        experiment=any_of(with_maps),
        shard=SHARD,
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=240,
    params:
        settings=lambda w: stages_settings(w.experiment),
        code=source_digest("compute_vog"),
        upstream=lambda w: gradients_key(w.experiment),
    shell:
        "python $SCRIPTS/compute_vog.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --gradients {input:q} --output {output:q}"


rule stream_vog:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/vog{shard}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/stream_vog{shard}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/stream_vog{shard}.tsv"
    wildcard_constraints:
        experiment=any_of([name for name in vog_stages if name not in with_maps]),
        shard=SHARD,
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(8000),
        runtime=2880,
    params:
        settings=lambda w: gradient_settings(w.experiment, stages=True),
        code=lambda w: streaming_code(w.experiment),
        upstream=lambda w: run_key(w.experiment),
    shell:
        "python $SCRIPTS/stream_vog.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule score_vog:
    input:
        runs=lambda w: vog_runs(w.experiment),
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        "results/experiments/{experiment}/scores/vog.parquet",
    log:
        "results/logs/experiments/{experiment}/score_vog.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/score_vog.tsv"
    wildcard_constraints:
        experiment=any_of(list(vog_stages)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=lambda w: vog_settings(w.experiment),
        code=source_digest("score_vog"),
        upstream=lambda w: vog_run_key(w.experiment),
    shell:
        "python $SCRIPTS/score_vog.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --runs {input.runs:q} --labels {input.labels:q}"
        " --output {output:q}"
