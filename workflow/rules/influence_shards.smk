"""Factors of influence scores by shards. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/factors/sums/{variant}-epoch-{epoch}-shard-{number}/ (sums over a part of the training examples: covariances for
kfac, second moments for diagonal and ekfac) and {run}/factors/{variant}-epoch-{epoch}/ (the curvature), merged.

Sums are deleted once they are merged: each shard's take as much space as the factors. The chain of `upstream` tells
when factors must be merged again; then Snakemake makes their sums again.
"""


include: "keys/influence_shards.smk"


rule sum_curvature:
    input:
        bases=bases_of,
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        sums=temp(
            directory("results/experiments/{experiment}/{run}/factors/sums/{variant}-epoch-{epoch}-shard-{shard}")
        ),
        timing="results/experiments/{experiment}/{run}/factors/sums/{variant}-epoch-{epoch}-shard-{shard}-timing.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/sum_curvature/{variant}-epoch-{epoch}-shard-{shard}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/sum_curvature/{variant}-epoch-{epoch}-shard-{shard}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        variant=any_of(MERGED),
        epoch=r"\d+",
        shard=any_of(CURVATURE_SHARDS),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=influence["memory"],
        mem_mb=memory(influence["memory"] + 6000),
        runtime=720,
    params:
        settings=lambda w: sums_settings(w.experiment, w.variant),
        code=lambda w: sums_code(w.experiment),
        upstream=lambda w: sums_upstream(w.experiment, w.variant),
    shell:
        "python $SCRIPTS/sum_curvature.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --memory {resources.budget} --epoch {wildcards.epoch}"
        " --bases {input.bases:q} --checkpoints {input.checkpoints:q} --labels {input.labels:q}"
        " --pixels {input.pixels:q} --files {input.files:q} --timing {output.timing:q} --output {output.sums:q}"


rule merge_factors:
    input:
        sums=expand(
            "results/experiments/{{experiment}}/{{run}}/factors/sums/{{variant}}-epoch-{{epoch}}-shard-{shard}",
            shard=CURVATURE_SHARDS,
        ),
        bases=bases_of,
    output:
        factors=directory("results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}"),
        timing="results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}-timing.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/merge_factors/{variant}-epoch-{epoch}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/merge_factors/{variant}-epoch-{epoch}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        variant=any_of(MERGED),
        epoch=r"\d+",
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=240,
    params:
        settings=lambda w: merging_settings(w.experiment, w.variant),
        code=source_digest("merge_factors"),
        upstream=lambda w: sums_key(w.experiment, w.variant),
    shell:
        "python $SCRIPTS/merge_factors.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --epoch {wildcards.epoch}"
        " --sums {input.sums:q} --bases {input.bases:q} --timing {output.timing:q} --output {output.factors:q}"
