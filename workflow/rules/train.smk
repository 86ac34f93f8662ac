"""Training. From: a data set. To: results/experiments/{experiment}/

labels.parquet (what each example is called in this experiment) and, per run, {run}/ with records, history, steps,
timing, checkpoints/ and evaluation.
"""

LABEL_KEYS = ["label_noise"]
EVALUATION_KEYS = ["device", "precision", "folds", "records"]
# What does not change a run: the seeds are in its name; the data set and the labels are its inputs.
NOT_OF_A_RUN = {"dataset", "seeds", *LABEL_KEYS}
PER_RUN = ["records", "online_records", "history", "steps", "timing", "evaluation"]


def labels_settings(experiment):
    return settings_json(experiments[experiment], LABEL_KEYS)


def training_settings(experiment):
    return settings_json({k: v for k, v in experiments[experiment].items() if k not in NOT_OF_A_RUN})


def training_code(experiment):
    settings = experiments[experiment]
    architecture = settings["architecture"]
    model = "torchvision_model" if architecture.startswith("torchvision:") else architecture
    return source_digest(
        "train_model",
        f"models.{model}",
        f"training.optimizers.{settings['optimizer']['name']}",
        f"training.schedules.{settings['schedule']['name']}",
    )


def evaluation_code(experiment):
    architecture = experiments[experiment]["architecture"]
    return source_digest("evaluate_run", "models." + ("torchvision_model" if ":" in architecture else architecture))


@lru_cache
def labels_key(experiment):
    dataset = experiments[experiment]["dataset"]
    return hash_chain(dataset_key(dataset), labels_settings(experiment), source_digest("corrupt_labels"))


@lru_cache
def run_key(experiment):
    return hash_chain(labels_key(experiment), training_settings(experiment), training_code(experiment))


def runs_key(experiment):
    return hash_chain(run_key(experiment), runs(experiment))


def evaluated_datasets(experiment):
    """The experiment's own data set and the further ones it is evaluated on."""
    return list(dict.fromkeys([experiments[experiment]["dataset"], *configuration.evaluations.get(experiment, [])]))


def dataset_tables(table):
    return lambda w: [f"results/datasets/{dataset}/{table}.parquet" for dataset in evaluated_datasets(w.experiment)]


def experiment_files(experiment, *names):
    """Files of every run of an experiment."""
    folder = f"results/experiments/{experiment}"
    return [f"{folder}/{run}/{name}" for run in runs(experiment) for name in names]


rule runs:
    input:
        [
            path
            for experiment in experiments
            for path in experiment_files(experiment, "checkpoints", *(f"{table}.parquet" for table in PER_RUN))
        ],


rule corrupt_labels:
    input:
        lambda w: (
            [experiments[w.experiment]["label_noise"]["path"]]
            if "path" in experiments[w.experiment].get("label_noise", {})
            else []
        ),
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
        mem_mb=1000,
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
        lambda w: [path for path in [experiments[w.experiment].get("weights")] if path and os.path.splitext(path)[1]],
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: f"results/datasets/{experiments[w.experiment]['dataset']}/pixels.parquet",
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
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=1440,
    params:
        settings=lambda w: training_settings(w.experiment),
        code=lambda w: training_code(w.experiment),
        upstream=lambda w: labels_key(w.experiment),
    shell:
        "python $SCRIPTS/train_model.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --records {output.records:q}"
        " --online-records {output.online_records:q} --history {output.history:q} --steps {output.steps:q}"
        " --timing {output.timing:q} --checkpoints {output.checkpoints:q}"


rule evaluate_run:
    input:
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        examples=dataset_tables("examples"),
        pixels=dataset_tables("pixels"),
    output:
        "results/experiments/{experiment}/{run}/evaluation.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/evaluate_run.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/evaluate_run.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        settings=lambda w: settings_json(experiments[w.experiment], EVALUATION_KEYS),
        code=lambda w: evaluation_code(w.experiment),
        upstream=lambda w: hash_chain(
            run_key(w.experiment), *[dataset_key(dataset) for dataset in evaluated_datasets(w.experiment)]
        ),
    shell:
        "python $SCRIPTS/evaluate_run.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --examples {input.examples:q} --pixels {input.pixels:q} --output {output:q}"
