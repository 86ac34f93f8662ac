"""Trust in results. From: whatever is in results/. To: nothing but errors that name files.

Results whose records (.snakemake/metadata) stayed elsewhere are refused; files whose size is not the one that their job
recorded (results/checksums/) are made again; and `make verify` compares all that the current configuration expects,
tables, checkpoints, images, figures and lists, with it and with the checksums from when it was made.
"""

EXPECTED = Path(".snakemake", "difficulty", "expected.json")


def look_at_results(dag):
    """Before jobs are planned: looks for results that cannot be trusted, or writes what those to verify must be."""
    targets = {rule.name for rule in dag.targetrules} | {*dag.targetfiles}
    try:
        require_configuration()
        if verify_name in targets:
            expected_results.write_expected(own_rules, plan.files(), EXPECTED)
        if targets != {verify_name}:
            expected_results.check_results(dag.workflow.persistence)
    except UserError as error:
        end_with(error)


# When jobs are planned, the modifier is that of the workflow which uses this one.
own_rules, verify_name = workflow.modifier.rules, workflow.modifier.modify_rulename("verify")
if workflow.is_main_process:
    incomplete_results.install(before=look_at_results)


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
