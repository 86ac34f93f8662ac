"""Training. From: a data set. To: results/experiments/{experiment}/

labels.parquet (what each example is called in this experiment) and, per run, {run}/ with records, history, steps,
timing, checkpoints/ and evaluation.
"""


include: "keys/train.smk"


rule runs:
    input:
        expand("results/experiments/{experiment}/labels.parquet", experiment=experiments),
        expand("results/experiments/{experiment}/checked.parquet", experiment=with_checkpoints),
        [path for experiment in experiments for path in run_files(experiment)],


rule corrupt_labels:
    input:
        lambda w: (
            literal([experiments[w.experiment]["label_noise"]["path"]])
            if "path" in experiments[w.experiment].get("label_noise", {})
            else []
        ),
        checked=lambda w: checks_of(w.experiment),
        examples=lambda w: f"results/datasets/{experiments[w.experiment]['dataset']}/examples.parquet",
    output:
        "results/experiments/{experiment}/labels.parquet",
    log:
        "results/logs/experiments/{experiment}/corrupt_labels.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/corrupt_labels.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        settings=lambda w: labels_settings(w.experiment),
        code=source_digest("corrupt_labels"),
        upstream=lambda w: dataset_key(experiments[w.experiment]["dataset"]),
    shell:
        "python $SCRIPTS/corrupt_labels.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --examples {input.examples:q} --output {output:q}"


rule train_model:
    input:
        lambda w: literal(weight_files(w.experiment)),
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        records="results/experiments/{experiment}/{run}/records.parquet",
        online_records="results/experiments/{experiment}/{run}/online_records.parquet",
        history="results/experiments/{experiment}/{run}/history.parquet",
        steps="results/experiments/{experiment}/{run}/steps.parquet",
        timing="results/experiments/{experiment}/{run}/timing.parquet",
        checkpoints=directory("results/experiments/{experiment}/{run}/checkpoints"),
    log:
        "results/logs/experiments/{experiment}/{run}/train_model.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/train_model.tsv"
    wildcard_constraints:
        experiment=any_of(trained),
    conda:
        "../../envs/training.yaml"
    threads: training_threads
    resources:
        workers=workers,
        mem_mb=lambda w, attempt: 6000 * attempt * gpus(w.experiment),
        runtime=1440,
    params:
        settings=lambda w: training_settings(w.experiment),
        code=lambda w: training_code(w.experiment),
        upstream=lambda w: labels_key(w.experiment),
    shell:
        "python $SCRIPTS/train_model.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --workers {resources.workers}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q} --records {output.records:q}"
        " --online-records {output.online_records:q} --history {output.history:q} --steps {output.steps:q}"
        " --timing {output.timing:q} --checkpoints {output.checkpoints:q}"


rule evaluate_run:
    input:
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        examples=dataset_tables("examples"),
        pixels=dataset_tables("pixels"),
        files=dataset_tables("files"),
    output:
        "results/experiments/{experiment}/{run}/evaluation.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/evaluate_run.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/evaluate_run.tsv"
    wildcard_constraints:
        experiment=any_of(with_checkpoints),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=120,
    params:
        settings=lambda w: settings_json(experiments[w.experiment], EVALUATION_KEYS),
        code=lambda w: evaluation_code(w.experiment),
        upstream=lambda w: evaluation_upstream(w.experiment),
    shell:
        "python $SCRIPTS/evaluate_run.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --examples {input.examples:q} --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"
