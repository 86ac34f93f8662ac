"""Do easy examples generalise better among themselves than hard ones? From: the evaluations of experiments on subsets
of one data set, on each other's held-out parts and on the original test split; the scores of an experiment on all.
To: results/generalization/{study}.parquet, its summary and traits, and two figures.
"""


include: "keys/generalization.smk"


rule collect_generalization:
    input:
        evaluations=lambda w: study_runs(w.study, "evaluation.parquet"),
        examples=lambda w: study_examples(w.study),
    output:
        table="results/generalization/{study}.parquet",
        summary="results/generalization/{study}-summary.parquet",
    log:
        "results/logs/generalization/{study}/collect_generalization.log",
    benchmark:
        "results/benchmarks/generalization/{study}/collect_generalization.tsv"
    wildcard_constraints:
        study=any_of(list(studies)),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=20,
    params:
        settings=lambda w: generalization_settings(w.study),
        code=source_digest("collect_generalization"),
        upstream=lambda w: generalization_upstream(w.study),
    shell:
        "python $SCRIPTS/collect_generalization.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --evaluations {input.evaluations:q}"
        " --examples {input.examples:q} --output {output.table:q} --summary {output.summary:q}"


rule compute_traits:
    input:
        scores=lambda w: f"results/experiments/{studies[w.study]['scores_of']}/scores.parquet",
        examples=lambda w: f"results/datasets/{studies[w.study]['original']}/examples.parquet",
        parts=lambda w: expand(
            "results/datasets/{dataset}/examples.parquet",
            dataset=studies[w.study]["datasets"],
        ),
    output:
        "results/generalization/{study}-traits.parquet",
    log:
        "results/logs/generalization/{study}/compute_traits.log",
    benchmark:
        "results/benchmarks/generalization/{study}/compute_traits.tsv"
    wildcard_constraints:
        study=any_of(studies_with_traits),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=30,
    params:
        settings=lambda w: traits_settings(w.study),
        code=source_digest("compute_traits"),
        upstream=lambda w: traits_upstream(w.study),
    shell:
        "python $SCRIPTS/compute_traits.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --examples {input.examples:q}"
        " --parts {input.parts:q} --output {output:q}"


rule plot_generalization:
    input:
        table="results/generalization/{study}.parquet",
    output:
        png=report(
            "results/figures/generalization/{study}/accuracy.png",
            caption="../report/generalization.rst",
            category="Generalization",
            labels={"study": "{study}", "figure": "accuracy on parts"},
        ),
        pdf="results/figures/generalization/{study}/accuracy.pdf",
    log:
        "results/logs/figures/generalization/{study}/plot_generalization.log",
    benchmark:
        "results/benchmarks/figures/generalization/{study}/plot_generalization.tsv"
    wildcard_constraints:
        study=any_of(list(studies)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_generalization"),
        upstream=lambda w: generalization_key(w.study),
    shell:
        "python $SCRIPTS/plot_generalization.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --table {input.table:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_traits:
    input:
        traits="results/generalization/{study}-traits.parquet",
    output:
        png=report(
            "results/figures/generalization/{study}/traits.png",
            caption="../report/traits.rst",
            category="Generalization",
            labels={"study": "{study}", "figure": "scores of the parts"},
        ),
        pdf="results/figures/generalization/{study}/traits.pdf",
    log:
        "results/logs/figures/generalization/{study}/plot_traits.log",
    benchmark:
        "results/benchmarks/figures/generalization/{study}/plot_traits.tsv"
    wildcard_constraints:
        study=any_of(studies_with_traits),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=figure_settings(),
        code=source_digest("plot_traits"),
        upstream=lambda w: traits_key(w.study),
    shell:
        "python $SCRIPTS/plot_traits.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --traits {input.traits:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
