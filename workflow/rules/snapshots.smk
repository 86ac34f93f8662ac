"""Networks that were trained elsewhere. From: files of their weights, and a data set. To: per run {run}/ with
checkpoints/, records and history, as training would have left them.
"""


rule import_checkpoints:
    input:
        weights=lambda w: literal(snapshot_files(w.experiment, w.run)),
        first=lambda w: literal(snapshot_files(w.experiment, runs(w.experiment)[0])[:1]),
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        records="results/experiments/{experiment}/{run}/records.parquet",
        history="results/experiments/{experiment}/{run}/history.parquet",
        checkpoints=directory("results/experiments/{experiment}/{run}/checkpoints"),
    log:
        "results/logs/experiments/{experiment}/{run}/import_checkpoints.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/import_checkpoints.tsv"
    wildcard_constraints:
        experiment=any_of(snapshots),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=720,
    params:
        settings=lambda w: snapshot_settings(w.experiment),
        code=lambda w: snapshot_code(w.experiment),
        upstream=lambda w: labels_key(w.experiment),
    shell:
        "python $SCRIPTS/import_checkpoints.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --workers {resources.workers}"
        " --weights {input.weights:q} --first {input.first:q} --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q}"
        " --records {output.records:q} --history {output.history:q} --checkpoints {output.checkpoints:q}"
