"""Label quality, where experiments have folds. From: the last checkpoint of every run. To:
results/experiments/{experiment}/

scores/label_quality.parquet (every example in the run that held it out) and label_quality.parquet (every seed: number
of label issues and estimated noise rate).
"""


include: "keys/label_quality.smk"


rule score_label_quality:
    input:
        checkpoints=lambda w: experiment_files(w.experiment, "checkpoints"),
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        scores="results/experiments/{experiment}/scores/label_quality.parquet",
        estimates="results/experiments/{experiment}/label_quality.parquet",
    log:
        "results/logs/experiments/{experiment}/score_label_quality.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/score_label_quality.tsv"
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=120,
    params:
        settings=lambda w: label_quality_settings(w.experiment),
        code=lambda w: label_quality_code(w.experiment),
        upstream=lambda w: runs_key(w.experiment),
    shell:
        "python $SCRIPTS/score_label_quality.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads}"
        " --workers {resources.workers} --checkpoints {input.checkpoints:q}"
        " --labels {input.labels:q} --pixels {input.pixels:q} --files {input.files:q} --output {output.scores:q}"
        " --estimates {output.estimates:q}"
