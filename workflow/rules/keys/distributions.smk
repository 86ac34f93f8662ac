"""Which data sets are compared with the test images of which experiments, and what that depends on."""

strangers = {
    experiment: [name for name in vog["out_of_distribution"] if name != experiments[experiment]["dataset"]]
    for experiment in vog_stages
}


def tested_datasets(experiment):
    """The experiment's own data set first."""
    return [experiments[experiment]["dataset"], *strangers[experiment]]


def tested_settings(experiment):
    """Of one pass over the test images of a data set: by the predicted class, since strangers have no label."""
    device = {key: value for key, value in experiments[experiment].items() if key == "device"}
    fixed = {"splits": ["test"], "target": "predicted", "shards": 1, "precision": vog["precision"]}
    return settings_json({**fixed, "stages": vog_stages[experiment], **device})


def tested_upstream(experiment, dataset):
    return hash_chain(run_key(experiment), dataset_key(dataset))


def tested_runs(experiment, dataset):
    return experiment_files(experiment, f"tested/{dataset}.parquet")


def distribution_settings(experiment):
    stages = vog_stages[experiment]
    latest = max(stages, key=lambda stage: stages[stage][-1])
    return settings_json({"bootstrap": analyses["detection"]["bootstrap"], "latest": latest})


def distribution_key(experiment, dataset):
    passes = [tested_upstream(experiment, name) for name in (tested_datasets(experiment)[0], dataset)]
    code = [streaming_code(experiment), source_digest("compare_distributions")]
    return hash_chain(passes, tested_settings(experiment), runs(experiment), distribution_settings(experiment), code)


family_tables += [
    f"results/experiments/{experiment}/out-of-distribution/{dataset}.parquet"
    for experiment in strangers
    for dataset in strangers[experiment]
]
family_figures += [
    f"results/figures/experiments/{experiment}/out_of_distribution/{dataset}.{format}"
    for experiment in strangers
    for dataset in strangers[experiment]
    for format in ("png", "pdf")
]
