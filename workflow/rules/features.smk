"""Features of images from outside. From: the user's files of vectors, or a network that was trained elsewhere. To:
results/datasets/{dataset}/

features.parquet (a vector for each image), similar.parquet (near duplicates), feature-map.parquet (two dimensions);
results/experiments/{experiment}/scores/features.parquet and probe.parquet (probabilities of a linear probe). A subset has
no features of its own: they are those of the same images in the data set that it was chosen from. Of an experiment that is
linear probes, per run {run}/ with records, history and probe.parquet, and scores/label_quality.parquet,
label_quality.parquet and held-out.parquet.
"""


rule collect_features:
    """Matches features that somebody else computed to the images of a data set."""
    input:
        files=users_files(plan.features.feature_files),
        examples=paths.EXAMPLES,
    output:
        paths.FEATURES,
    log:
        paths.log("datasets/{dataset}/collect_features"),
    benchmark:
        paths.benchmark("datasets/{dataset}/collect_features")
    wildcard_constraints:
        dataset=any_of(plan.features.collected),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.features.collect_features),
    shell:
        command("collect_features", inputs="files examples")


rule extract_features:
    """Computes features of the images of a data set by a network that was trained elsewhere."""
    input:
        weights=users_files(plan.features.weight_files),
        pixels=paths.PIXELS,
        files=paths.FILES,
        examples=paths.EXAMPLES,
    output:
        paths.FEATURES,
    log:
        paths.log("datasets/{dataset}/extract_features"),
    benchmark:
        paths.benchmark("datasets/{dataset}/extract_features")
    wildcard_constraints:
        dataset=any_of(plan.features.extracted),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.features.extract_features),
    shell:
        command("extract_features", "threads", inputs="pixels files examples")


rule find_similar:
    """Finds near duplicates among the images of a data set by their features."""
    input:
        features=paths.FEATURES,
        examples=paths.EXAMPLES,
    output:
        paths.SIMILAR,
    log:
        paths.log("datasets/{dataset}/find_similar"),
    benchmark:
        paths.benchmark("datasets/{dataset}/find_similar")
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.features.find_similar),
    shell:
        command("find_similar", inputs="features examples")


rule map_features:
    """Maps the images of a data set in two dimensions by their features."""
    input:
        features=paths.FEATURES,
    output:
        paths.FEATURE_MAP,
    log:
        paths.log("datasets/{dataset}/map_features"),
    benchmark:
        paths.benchmark("datasets/{dataset}/map_features")
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.features.map_features),
    shell:
        command("map_features", inputs="features")


rule score_features:
    """Scores every example by how its features go with its label."""
    input:
        features=lambda w: plan.features.path(paths.FEATURES, w.experiment),
        labels=paths.LABELS,
    output:
        scores=paths.family("features"),
        probe=paths.PROBE,
    log:
        paths.log("experiments/{experiment}/score_features"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_features")
    wildcard_constraints:
        experiment=any_of(plan.features.scored),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.features.score_features),
    shell:
        command("score_features", inputs="features labels", outputs="output=scores probe")


rule fit_linear_probe:
    """Fits the linear probes of one run, and records what they make of images that they have not seen."""
    input:
        features=lambda w: plan.features.path(paths.FEATURES, w.experiment),
        labels=paths.LABELS,
    output:
        records=paths.RECORDS,
        history=paths.HISTORY,
        probe=paths.RUN_PROBE,
    log:
        paths.log("experiments/{experiment}/{run}/fit_linear_probe"),
    benchmark:
        paths.benchmark("experiments/{experiment}/{run}/fit_linear_probe")
    wildcard_constraints:
        experiment=any_of(plan.training.probes),
    priority: first_results
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.training.fit_linear_probe),
    shell:
        command("fit_linear_probe", inputs="features labels", outputs="records history probe")


rule score_linear_probes:
    """Scores every example by linear probes that held it out, and estimates how many labels are wrong."""
    input:
        probes=lambda w: plan.of_runs(paths.RUN_PROBE, w.experiment),
        labels=paths.LABELS,
    output:
        scores=paths.family("label_quality"),
        estimates=paths.LABEL_QUALITY,
        held_out=paths.HELD_OUT,
    log:
        paths.log("experiments/{experiment}/score_linear_probes"),
    benchmark:
        paths.benchmark("experiments/{experiment}/score_linear_probes")
    wildcard_constraints:
        experiment=any_of(plan.training.probes),
    priority: first_results
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.scores.score_linear_probes),
    shell:
        command("score_linear_probes", inputs="probes labels", outputs="output=scores estimates held_out")
