"""Coherence of gradients. From: the checkpoints of every run, scores of learning dynamics. To: {run}/coherence.parquet, and
a figure per experiment.
"""


include: "keys/coherence.smk"


rule measure_coherence:
    input:
        dynamics="results/experiments/{experiment}/scores/dynamics.parquet",
        checked=ancient("results/experiments/{experiment}/checked.parquet"),
        checkpoints="results/experiments/{experiment}/{run}/checkpoints",
        labels="results/experiments/{experiment}/labels.parquet",
        pixels=lambda w: pixels_of(w.experiment),
        files=lambda w: files_of(w.experiment),
    output:
        "results/experiments/{experiment}/{run}/coherence.parquet",
    log:
        "results/logs/experiments/{experiment}/{run}/measure_coherence.log",
    benchmark:
        "results/benchmarks/experiments/{experiment}/{run}/measure_coherence.tsv"
    wildcard_constraints:
        experiment=any_of(list(coherent_epochs)),
    conda:
        "../../envs/training.yaml"
    threads: threads_with_workers
    resources:
        workers=workers,
        mem_mb=memory(6000),
        runtime=720,
    params:
        settings=lambda w: coherence_settings(w.experiment),
        code=lambda w: coherence_code(w.experiment),
        upstream=lambda w: coherence_upstream(w.experiment),
    shell:
        "python $SCRIPTS/measure_coherence.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q} --threads {threads} --workers {resources.workers}"
        " --dynamics {input.dynamics:q} --checkpoints {input.checkpoints:q} --labels {input.labels:q}"
        " --pixels {input.pixels:q} --files {input.files:q} --output {output:q}"


rule plot_coherence:
    input:
        coherence=lambda w: experiment_files(w.experiment, "coherence.parquet"),
    output:
        png=report(
            "results/figures/experiments/{experiment}/coherence.png",
            caption="../report/coherence.rst",
            category="Coherence of gradients",
            labels={"experiment": "{experiment}", "figure": "coherence"},
        ),
        pdf="results/figures/experiments/{experiment}/coherence.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_coherence.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_coherence.tsv"
    wildcard_constraints:
        experiment=any_of(list(coherent_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_coherence"),
        upstream=lambda w: coherence_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_coherence.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --coherence {input.coherence:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
