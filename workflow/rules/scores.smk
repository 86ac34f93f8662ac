"""Scores and what they tell. From: the records of all runs. To: results/experiments/{experiment}/

scores/dynamics.parquet (every run) and scores.parquet (every example, over the runs); correlation, stability and
seed-correlation.parquet; suspects.csv. Over experiments: results/agreement/ and results/detection/.

Another family of scores adds itself to `score_families` in its own rule file and writes scores/{family}.parquet;
what it makes beside that it adds to `family_tables`.
"""


include: "keys/scores.smk"


rule scores:
    input:
        expand(
            "results/experiments/{experiment}/{table}",
            experiment=experiments,
            table=[
                "scores.parquet",
                "correlation.parquet",
                "stability.parquet",
                "suspects.csv",
            ],
        ),
        expand("results/agreement/{group}.parquet", group=agreement_groups),
        expand("results/detection/{detection}.parquet", detection=detections),
        ["results/detection.parquet"] if detections else [],
        lambda w: [path for experiment in experiments for path in families_of(experiment)],
        lambda w: family_tables,


rule score_dynamics:
    input:
        records=lambda w: dynamics_records(w.experiment),
    output:
        "results/experiments/{experiment}/scores/dynamics.parquet",
    log:
        "results/logs/experiments/{experiment}/score_dynamics.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/score_dynamics.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        settings=settings_json(analyses["dynamics"]),
        code=source_digest("score_dynamics"),
        upstream=lambda w: runs_key(w.experiment),
    shell:
        "python $SCRIPTS/score_dynamics.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --records {input.records:q} --output {output:q}"


rule collect_scores:
    input:
        labels="results/experiments/{experiment}/labels.parquet",
        examples=lambda w: examples_of(w.experiment),
        families=lambda w: families_of(w.experiment),
    output:
        "results/experiments/{experiment}/scores.parquet",
    log:
        "results/logs/experiments/{experiment}/collect_scores.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/collect_scores.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        settings="{}",
        code=source_digest("collect_scores"),
        upstream=lambda w: families_key(w.experiment),
    shell:
        "python $SCRIPTS/collect_scores.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --labels {input.labels:q} --examples {input.examples:q}"
        " --families {input.families:q} --output {output:q}"


rule compute_correlation:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        families=lambda w: families_of(w.experiment),
    output:
        correlation="results/experiments/{experiment}/correlation.parquet",
        stability="results/experiments/{experiment}/stability.parquet",
        seeds="results/experiments/{experiment}/seed-correlation.parquet",
    log:
        "results/logs/experiments/{experiment}/compute_correlation.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/compute_correlation.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=settings_json(analyses["correlation"]),
        code=source_digest("compute_correlation"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/compute_correlation.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --families {input.families:q}"
        " --output {output.correlation:q} --stability {output.stability:q} --seeds {output.seeds:q}"


rule rank_suspects:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
    output:
        "results/experiments/{experiment}/suspects.csv",
    log:
        "results/logs/experiments/{experiment}/rank_suspects.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/rank_suspects.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=30,
    params:
        settings=settings_json(analyses["suspects"]),
        code=source_digest("rank_suspects"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/rank_suspects.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --examples {input.examples:q}"
        " --records {input.records:q} --output {output:q}"


rule compute_agreement:
    input:
        records=lambda w: group_files(w.group, "records.parquet"),
        labels=lambda w: expand(
            "results/experiments/{experiment}/labels.parquet",
            experiment=agreement_groups[w.group],
        ),
        examples=lambda w: examples_of(agreement_groups[w.group][0]),
    output:
        curve="results/agreement/{group}.parquet",
        classes="results/agreement/classes/{group}.parquet",
    log:
        "results/logs/agreement/{group}/compute_agreement.log",
    benchmark:
        "results/benchmarks/agreement/{group}/compute_agreement.tsv"
    wildcard_constraints:
        group=any_of(agreement_groups),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=30,
    params:
        settings="{}",
        code=source_digest("compute_agreement"),
        upstream=lambda w: hash_chain([runs_key(experiment) for experiment in agreement_groups[w.group]]),
    shell:
        "python $SCRIPTS/compute_agreement.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --records {input.records:q} --labels {input.labels:q}"
        " --examples {input.examples:q} --output {output.curve:q} --classes {output.classes:q}"


rule compute_detection:
    input:
        scores=lambda w: f"results/experiments/{detections[w.detection]['experiment']}/scores.parquet",
        families=lambda w: families_of(detections[w.detection]["experiment"]),
        examples=lambda w: examples_of(detections[w.detection]["experiment"]),
    output:
        metrics="results/detection/{detection}.parquet",
        curves="results/detection/curves/{detection}.parquet",
        differences="results/detection/differences/{detection}.parquet",
    log:
        "results/logs/detection/{detection}/compute_detection.log",
    benchmark:
        "results/benchmarks/detection/{detection}/compute_detection.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        settings=lambda w: detection_settings(w.detection),
        code=source_digest("compute_detection"),
        upstream=lambda w: scores_key(detections[w.detection]["experiment"]),
    shell:
        "python $SCRIPTS/compute_detection.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --scores {input.scores:q} --families {input.families:q}"
        " --examples {input.examples:q} --output {output.metrics:q} --curves {output.curves:q}"
        " --differences {output.differences:q}"


rule collect_detection:
    input:
        detections=expand("results/detection/{detection}.parquet", detection=detections),
    output:
        "results/detection.parquet",
    log:
        "results/logs/collect_detection.log",
    benchmark:
        "results/benchmarks/collect_detection.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=10,
    params:
        settings="{}",
        code=source_digest("collect_detection"),
        upstream=lambda w: hash_chain([detection_key(detection) for detection in detections]),
    shell:
        "python $SCRIPTS/collect_detection.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --detections {input.detections:q} --output {output:q}"
