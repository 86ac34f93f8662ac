"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Results whose records (.snakemake/metadata) stayed elsewhere are refused; files whose size is not the one that their job
recorded (results/checksums/) are made again; and `make verify` compares all that the current configuration expects,
tables, checkpoints, images, figures and lists, with it and with the checksums from when it was made.
"""

EXPECTED = Path(".snakemake", "difficulty", "expected.json")

# The targets are not yet known to Snakemake when this is read. A module's rules may have other names.
if workflow.modifier.modify_rulename("verify") in sys.argv:
    expected_results.write_expected(workflow.modifier.rules, plan.files(), EXPECTED)
elif workflow.is_main_process:
    try:
        expected_results.check_results()
    except UserError as error:
        end_with(error)


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
