"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Snakemake takes a file that it has no record of for up to date. So results whose records (.snakemake/metadata) stayed
elsewhere are refused; and `make verify` compares every table, checkpoint and image with the current configuration
and with the checksums from when it was made.
"""


include: "keys/verify.smk"


rule verify:
    log:
        "results/logs/verify_results.log",
    conda:
        "../../envs/tables.yaml"
    params:
        expected=str(EXPECTED),
    shell:
        "python $SCRIPTS/verify_results.py --log {log:q} --expected {params.expected:q}"
