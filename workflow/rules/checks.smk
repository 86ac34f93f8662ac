"""Checks. From: prepared data sets. To: results/experiments/{experiment}/checked.parquet

The settings of an experiment and of its analyses are held against the data before anything of it is trained. Whatever
takes long has the table as an `ancient` input: it waits for a check that is to be made, but another check, after a
change of an analysis, makes nothing run again.
"""


include: "keys/checks.smk"


rule check_experiment:
    input:
        examples=lambda w: checked_tables(w.experiment, "examples"),
        pixels=lambda w: checked_tables(w.experiment, "pixels"),
    output:
        # Kept where the check fails: Snakemake trains again if an input is missing, even one that is `ancient`.
        update("results/experiments/{experiment}/checked.parquet"),
    log:
        "results/logs/experiments/{experiment}/check_experiment.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/check_experiment.tsv"
    wildcard_constraints:
        experiment=any_of(with_checkpoints),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=10,
    params:
        settings=lambda w: check_settings(w.experiment),
        code=lambda w: source_digest("check_experiment", model_module(w.experiment)),
        upstream=lambda w: check_upstream(w.experiment),
    shell:
        "python $SCRIPTS/check_experiment.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --output {output:q}"
