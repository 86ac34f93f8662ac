"""Training. From: a data set. To: results/experiments/{experiment}/

labels.parquet (what each example is called in this experiment), checked.parquet (its settings fit its data) and, per run,
{run}/ with records, history, steps, timing, checkpoints/ and evaluation; results/evaluations.parquet, of all runs.

Whatever takes long has the check as an `ancient` input: it waits for a check that is to be made, but another check,
after a change of an analysis, makes nothing run again.
"""


rule corrupt_labels:
    """Gives each example its label in an experiment, right or, on purpose, wrong."""
    input:
        users_files(plan.training.noise_files),
        checked=lambda w: ancient(plan.checks.checked(w.experiment)),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        paths.LABELS,
    log:
        paths.log("experiments/{experiment}/corrupt_labels"),
    benchmark:
        paths.benchmark("experiments/{experiment}/corrupt_labels")
    wildcard_constraints:
        experiment=any_of(plan.training.with_own_labels),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.corrupt_labels),
    shell:
        command("corrupt_labels", inputs="examples")


rule share_labels:
    """Gives each example of an experiment the label that another experiment has for it."""
    input:
        checked=lambda w: ancient(plan.checks.checked(w.experiment)),
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
        others=of_wildcards(plan.training.others_labels),
        suspects=of_wildcards(plan.training.others_suspects),
    output:
        paths.LABELS,
    log:
        paths.log("experiments/{experiment}/share_labels"),
    benchmark:
        paths.benchmark("experiments/{experiment}/share_labels")
    wildcard_constraints:
        experiment=any_of(plan.training.with_others_labels),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.share_labels),
    shell:
        command("share_labels", inputs="examples others suspects")


rule check_experiment:
    """Compares the settings of an experiment and its analyses with the data, before anything is trained."""
    input:
        examples=lambda w: plan.checks.tables(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.checks.tables(paths.PIXELS, w.experiment),
    output:
        # Kept where the check fails: Snakemake trains again if an input is missing, even one that is `ancient`.
        update(paths.CHECKED),
    log:
        paths.log("experiments/{experiment}/check_experiment"),
    benchmark:
        paths.benchmark("experiments/{experiment}/check_experiment")
    wildcard_constraints:
        experiment=any_of(plan.training.with_checkpoints),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.checks.check_experiment),
    shell:
        command("check_experiment", inputs="examples pixels")


rule train_model:
    """Trains one network and records what it makes of every example after every epoch."""
    input:
        users_files(plan.training.weight_files),
        checked=ancient(paths.CHECKED),
        labels=paths.LABELS,
        pixels=lambda w: plan.data.path(paths.PIXELS, w.experiment),
        files=lambda w: plan.data.path(paths.FILES, w.experiment),
    output:
        records=paths.RECORDS,
        online_records=paths.ONLINE_RECORDS,
        history=paths.HISTORY,
        steps=paths.STEPS,
        timing=paths.TIMING,
        checkpoints=directory(paths.CHECKPOINTS),
    log:
        paths.log("experiments/{experiment}/{run}/train_model"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/train_model")
    wildcard_constraints:
        experiment=any_of(plan.training.trained),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: lambda w: threads_with_workers(w) * plan.training.gpus(w.experiment)
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.train_model),
    shell:
        command(
            "train_model",
            "threads workers",
            inputs="labels pixels files",
            outputs="records online_records history steps timing checkpoints",
        )


rule evaluate_run:
    """Tests a trained network on all test sets of its experiment."""
    input:
        checked=ancient(paths.CHECKED),
        checkpoints=paths.CHECKPOINTS,
        labels=paths.LABELS,
        examples=lambda w: plan.training.tested_tables(paths.EXAMPLES, w.experiment),
        pixels=lambda w: plan.training.tested_tables(paths.PIXELS, w.experiment),
        files=lambda w: plan.training.tested_tables(paths.FILES, w.experiment),
    output:
        paths.EVALUATION,
    log:
        paths.log("experiments/{experiment}/{run}/evaluate_run"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/evaluate_run")
    wildcard_constraints:
        experiment=any_of(plan.training.with_checkpoints),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.evaluate_run),
    shell:
        command("evaluate_run", "threads workers", inputs="checkpoints labels examples pixels files")


rule collect_evaluations:
    """Collects the accuracies of all runs."""
    input:
        evaluations=plan.training.evaluations(),
    output:
        paths.EVALUATIONS,
    log:
        paths.log("collect_evaluations"),
    benchmark:
        paths.benchmark("collect_evaluations")
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.collect_evaluations),
    shell:
        command("collect_evaluations", inputs="evaluations")
