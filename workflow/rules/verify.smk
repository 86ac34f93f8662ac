"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Snakemake takes a file that it has no record of for up to date, and one that was cut short as well. So results whose
records (.snakemake/metadata) stayed elsewhere are refused; files whose size is not the one that their job recorded
(results/checksums/) are made again; and `make verify` compares all that the current configuration expects, tables,
checkpoints, images, figures and lists, with it and with the checksums from when it was made.
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
