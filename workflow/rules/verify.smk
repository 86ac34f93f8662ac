"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Results whose records (.snakemake/metadata) stayed elsewhere are refused; files whose size is not the one that their job
recorded (results/checksums/) are made again; and `make verify` compares all that the current configuration expects,
tables, checkpoints, images, figures and lists, with it and with the checksums from when it was made.
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
