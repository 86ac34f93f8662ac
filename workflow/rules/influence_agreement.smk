"""How far variants of influence agree. From: their tables of one run. To: results/experiments/{experiment}/

influence-agreement.parquet (rank correlation and slope of every two), influence-sample.parquet (influences for scatters);
and a figure.
"""


include: "keys/influence_agreement.smk"


rule compute_influence_agreement:
    input:
        own=lambda w: of_first_run(w.experiment, self_influence_tables(w.experiment)),
        pairwise=lambda w: compared_pairwise(w.experiment),
        lists=lambda w: compared_pairwise(w.experiment, "-examples"),
    output:
        agreement="results/experiments/{experiment}/influence-agreement.parquet",
        sample="results/experiments/{experiment}/influence-sample.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_influence_agreement.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_influence_agreement.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        settings=lambda w: agreement_settings(w.experiment),
        code=source_digest("compute_influence_agreement"),
        upstream=lambda w: agreement_upstream(w.experiment),
    shell:
        "python $SCRIPTS/compute_influence_agreement.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --self {input.own:q} --pairwise {input.pairwise:q}"
        " --output {output.agreement:q} --sample {output.sample:q}"


rule plot_influence_agreement:
    input:
        agreement="results/experiments/{experiment}/influence-agreement.parquet",
        sample="results/experiments/{experiment}/influence-sample.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/influence_agreement.png",
            caption="../report/influence_agreement.rst",
            category="Influence",
            labels={
                "experiment": "{experiment}",
                "figure": "agreement of approximations",
            },
        ),
        pdf="results/figures/experiments/{experiment}/influence_agreement.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_influence_agreement.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_influence_agreement.tsv"
    wildcard_constraints:
        experiment=any_of(list(influence_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_influence_agreement"),
        upstream=lambda w: influence_agreement_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_influence_agreement.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --agreement {input.agreement:q} --sample {input.sample:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
