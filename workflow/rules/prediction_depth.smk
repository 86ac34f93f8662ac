"""Prediction depth. From: the checkpoints of every run. To: results/experiments/{experiment}/

{run}/neighbors/epoch-{epoch}.parquet (nearest training examples at every probe), {run}/votes/epoch-{epoch}.parquet
(what they vote), scores/prediction_depth.parquet (every run), scores/consensus.parquet (the class that runs agree on);
probe-accuracy.parquet and depth-levels.parquet. With several `shards`, files of neighbours end in -shard-{number}.
"""


include: "keys/prediction_depth.smk"


rule probe_neighbors:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/neighbors/epoch-{epoch}{shard}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/probe_neighbors/epoch-{epoch}{shard}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/probe_neighbors/epoch-{epoch}{shard}.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
        epoch=r"\d+",
        shard=r"(-shard-\d+)?",
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        budget=depth["memory"],
        mem_mb=memory(depth["memory"] * 11 // 10 + 3000),
        runtime=720,
    params:
        settings=lambda w: neighbor_settings(w.experiment),
        code=lambda w: neighbors_code(w.experiment),
        upstream=lambda w: run_key(w.experiment),
    shell:
        "python $SCRIPTS/probe_neighbors.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --memory {resources.budget} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule compute_consensus:
    input:
        neighbors=lambda w: last_neighbors(w.experiment),
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        "results/experiments/{experiment}/scores/consensus.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_consensus.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_consensus.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=lambda w: folds_settings(w.experiment),
        code=source_digest("compute_consensus"),
        upstream=lambda w: consensus_upstream(w.experiment),
    shell:
        "python $SCRIPTS/compute_consensus.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --neighbors {input.neighbors:q} --labels {input.labels:q}"
        " --output {output:q}"


rule vote_probes:
    input:
        neighbors=lambda w: run_neighbors(w.experiment, w.run, w.epoch),
        labels="results/experiments/{experiment}/labels.parquet",
        consensus=lambda w: consensus_of_votes(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/votes/epoch-{epoch}.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/vote_probes/epoch-{epoch}.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/vote_probes/epoch-{epoch}.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
        epoch=r"\d+",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=vote_settings(),
        code=source_digest("vote_probes"),
        upstream=lambda w: votes_upstream(w.experiment),
    shell:
        "python $SCRIPTS/vote_probes.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --neighbors {input.neighbors:q} --labels {input.labels:q}"
        " --consensus {input.consensus:q} --output {output:q}"


rule score_prediction_depth:
    input:
        votes=lambda w: depth_votes(w.experiment, probed_epochs[w.experiment][-1:]),
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        "results/experiments/{experiment}/scores/prediction_depth.parquet",
    log:
        "results/logs/experiments/{experiment}/score_prediction_depth.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/score_prediction_depth.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=lambda w: folds_settings(w.experiment),
        code=source_digest("score_prediction_depth"),
        upstream=lambda w: depth_upstream(w.experiment),
    shell:
        "python $SCRIPTS/score_prediction_depth.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --votes {input.votes:q} --labels {input.labels:q}"
        " --output {output:q}"


rule compute_depth_analysis:
    input:
        votes=lambda w: depth_votes(w.experiment, probed_epochs[w.experiment]),
        family="results/experiments/{experiment}/scores/prediction_depth.parquet",
        consensus="results/experiments/{experiment}/scores/consensus.parquet",
        labels="results/experiments/{experiment}/labels.parquet",
    output:
        accuracy="results/experiments/{experiment}/probe-accuracy.parquet",
        levels="results/experiments/{experiment}/depth-levels.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_depth_analysis.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_depth_analysis.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=depth_analysis_settings(),
        code=source_digest("compute_depth_analysis"),
        upstream=lambda w: depth_analysis_upstream(w.experiment),
    shell:
        "python $SCRIPTS/compute_depth_analysis.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --votes {input.votes:q} --family {input.family:q}"
        " --consensus {input.consensus:q} --labels {input.labels:q}"
        " --accuracy {output.accuracy:q} --levels {output.levels:q}"
