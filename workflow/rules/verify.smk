"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Results whose records (.snakemake/metadata) stayed elsewhere are refused; files whose size is not the one that their job
recorded (results/checksums/) are made again; and `make verify` compares all that the current configuration expects,
tables, checkpoints, images, figures and lists, with it and with the checksums from when it was made.

`make plan` says beforehand what all of it costs, and afterwards how far that was right.
"""


rule verify:
    """Compares all results with the configuration and with their checksums."""
    log:
        paths.log("verify_results"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        expected=str(EXPECTED),
    shell:
        'python "$SCRIPTS"/verify_results.py --log {log:q} --expected {params.expected:q}'


rule plan:
    """Shows what all jobs cost on this machine, and what those took that are done."""
    log:
        paths.log("show_plan"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        planned=str(PLANNED),
        stages="results/plan.csv",
    shell:
        'python "$SCRIPTS"/show_plan.py --log {log:q} --plan {params.planned:q} --output {params.stages:q}'
