"""Figures of prediction depth, to results/figures/experiments/{experiment}/. From: its scores and tables."""


include: "keys/prediction_depth_figures.smk"


rule plot_depth_histogram:
    input:
        family="results/experiments/{experiment}/scores/prediction_depth.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_histogram.png",
            caption="../report/depth_histogram.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "depths"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_histogram.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_histogram.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_histogram.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_histogram"),
        upstream=lambda w: depth_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_depth_histogram.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --family {input.family:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_levels:
    input:
        levels="results/experiments/{experiment}/depth-levels.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_levels.png",
            caption="../report/depth_levels.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "accuracy by depth"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_levels.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_levels.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_levels.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_levels"),
        upstream=lambda w: depth_analysis_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_depth_levels.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --levels {input.levels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_probe_accuracy:
    input:
        accuracy="results/experiments/{experiment}/probe-accuracy.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/probe_accuracy.png",
            caption="../report/probe_accuracy.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "accuracy of the probes"},
        ),
        pdf="results/figures/experiments/{experiment}/probe_accuracy.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_probe_accuracy.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_probe_accuracy.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_probe_accuracy"),
        upstream=lambda w: depth_analysis_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_probe_accuracy.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --accuracy {input.accuracy:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_learning:
    input:
        family="results/experiments/{experiment}/scores/prediction_depth.parquet",
        dynamics="results/experiments/{experiment}/scores/dynamics.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_learning.png",
            caption="../report/depth_learning.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "depth and iteration learned"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_learning.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_learning.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_learning.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_learning"),
        upstream=lambda w: hash_chain(depth_key(w.experiment), dynamics_key(w.experiment)),
    shell:
        "python $SCRIPTS/plot_depth_learning.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --family {input.family:q} --dynamics {input.dynamics:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_classes:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        family="results/experiments/{experiment}/scores/prediction_depth.parquet",
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_classes.png",
            caption="../report/depth_classes.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "depth and class"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_classes.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_classes.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_classes.tsv"
    wildcard_constraints:
        experiment=any_of(list(probed_epochs)),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_classes"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_depth_classes.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --family {input.family:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_votes:
    input:
        votes=lambda w: depth_votes(w.experiment, probed_epochs[w.experiment][-1:])[0],
        records=lambda w: experiment_files(w.experiment, "records.parquet")[0],
        scores="results/experiments/{experiment}/scores.parquet",
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_votes.png",
            caption="../report/depth_votes.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "votes"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_votes.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_votes.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_votes.tsv"
    wildcard_constraints:
        experiment=any_of(with_depth_images),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_votes"),
        upstream=lambda w: hash_chain(votes_key(w.experiment), scores_key(w.experiment)),
    shell:
        "python $SCRIPTS/plot_depth_votes.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --votes {input.votes:q} --records {input.records:q} --scores {input.scores:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_gallery:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        records=lambda w: experiment_files(w.experiment, "records.parquet"),
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_gallery.png",
            caption="../report/depth_gallery.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "lowest and highest"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_gallery.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_gallery.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_gallery.tsv"
    wildcard_constraints:
        experiment=any_of(with_depth_images),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=depth_gallery_settings(),
        code=source_digest("plot_gallery"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_gallery.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --records {input.records:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"


rule plot_depth_plane:
    input:
        scores="results/experiments/{experiment}/scores.parquet",
        family="results/experiments/{experiment}/scores/prediction_depth.parquet",
        examples=lambda w: examples_of(w.experiment),
        pixels=lambda w: pixels_of(w.experiment),
    output:
        png=report(
            "results/figures/experiments/{experiment}/depth_plane.png",
            caption="../report/depth_plane.rst",
            category="Prediction depth",
            labels={"experiment": "{experiment}", "figure": "held out and trained on"},
        ),
        pdf="results/figures/experiments/{experiment}/depth_plane.pdf",
    log:
        "results/logs/figures/experiments/{experiment}/plot_depth_plane.log",
    benchmark:
        "results/benchmarks/figures/experiments/{experiment}/plot_depth_plane.tsv"
    wildcard_constraints:
        experiment=any_of(with_depth_plane),
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    params:
        settings=settings_json({"dpi": configuration.figures["dpi"]}),
        code=source_digest("plot_depth_plane"),
        upstream=lambda w: scores_key(w.experiment),
    shell:
        "python $SCRIPTS/plot_depth_plane.py --settings {params.settings:q} --code {params.code}"
        " --upstream {params.upstream} --log {log:q}"
        " --scores {input.scores:q} --family {input.family:q} --examples {input.examples:q} --pixels {input.pixels:q}"
        " --png {output.png:q} --pdf {output.pdf:q}"
