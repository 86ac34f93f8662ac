"""Influence scores. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/factors/{variant}-epoch-{epoch}/ (the curvature), {run}/influence/{variant}-epoch-{epoch}.parquet (influence of
each image on its own loss), scores/influence.parquet (every run); and beside the first two, how long each phase took.
"""


include: "keys/influence.smk"


rule fit_factors:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        factors=directory("results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}"),
        timing="results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}-timing.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/fit_factors/{variant}-epoch-{epoch}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/fit_factors/{variant}-epoch-{epoch}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
        variant=any_of(FITTED),
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
        settings=lambda w: factor_settings(w.experiment, w.variant),
        code=lambda w: factors_code(w.experiment),
        upstream=lambda w: run_key(w.experiment),
    shell:
        "python $SCRIPTS/fit_factors.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --memory {resources.budget} --epoch {wildcards.epoch}"
        " --checkpoints {input.checkpoints:q} --labels {input.labels:q} --pixels {input.pixels:q}"
        " --files {input.files:q} --timing {output.timing:q} --output {output.factors:q}"


rule score_self_influence:
    input:
        factors="results/experiments/{experiment}/{run}/factors/{variant}-epoch-{epoch}",
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        scores="results/experiments/{experiment}/{run}/influence/{variant}-epoch-{epoch}.parquet",
        timing="results/experiments/{experiment}/{run}/influence/{variant}-epoch-{epoch}-timing.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/score_self_influence/{variant}-epoch-{epoch}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/score_self_influence/{variant}-epoch-{epoch}.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
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
        settings=lambda w: self_influence_settings(w.experiment, w.variant),
        code=lambda w: self_influence_code(w.experiment),
        upstream=lambda w: factors_key(w.experiment, w.variant),
    shell:
        "python $SCRIPTS/score_self_influence.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --memory {resources.budget} --epoch {wildcards.epoch}"
        " --factors {input.factors:q} --checkpoints {input.checkpoints:q} --labels {input.labels:q}"
        " --pixels {input.pixels:q} --files {input.files:q} --timing {output.timing:q} --output {output.scores:q}"


rule score_influence:
    input:
        scores=lambda w: self_influence_tables(w.experiment),
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        "results/experiments/{experiment}/scores/influence.parquet",
    log:
        "results/logs/experiments/{experiment}/score_influence.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/score_influence.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=lambda w: influence_settings(w.experiment),
        code=source_digest("score_influence"),
        upstream=lambda w: influence_upstream(w.experiment),
    shell:
        "python $SCRIPTS/score_influence.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --labels {input.labels:q}"
        " --output {output:q}"
