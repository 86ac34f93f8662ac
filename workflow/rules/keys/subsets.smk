"""What identifies a subset: its settings, its code, the data set that it is of and the evidence that chose it."""

from difficulty.config.training.chosen_seeds import repeated_seeds

if workflow.is_main_process:
    for line in repeated_seeds(datasets, experiments):
        print(f"warning: {line}", file=sys.stderr)

SUBSET_KEYS = ["select", "per_class", "train", "test", "seed", "link"]


def subset_runs(dataset):
    """Runs whose scores or predictions choose the examples."""
    select = datasets[dataset]["select"]
    return runs(select["experiment"], select["seeds"]) if "experiment" in select else []


def subset_evidence(dataset):
    """The tables that say which examples are chosen."""
    select = datasets[dataset]["select"]
    if select["by"] == "score":
        family = configuration.score_families[select["score"]]
        if family == "images":
            return [image_evidence(dataset)]
        return [ancient(f"results/experiments/{select['experiment']}/scores/{family}.parquet")]
    if select["by"] == "learned":
        return experiment_files(select["experiment"], "records.parquet", seeds=select["seeds"])
    return [literal(select["path"])] if select["by"] == "list" else []


@lru_cache
def subset_upstream(dataset):
    select, keys = datasets[dataset]["select"], [dataset_key(datasets[dataset]["of"])]
    chosen = tuple(subset_runs(dataset))
    if select["by"] == "score":
        family = configuration.score_families[select["score"]]
        if family == "images":
            keys.append(image_evidence_key(dataset))
        else:
            keys.append(score_families[family](select["experiment"], chosen))
    elif select["by"] == "learned":
        keys.append(runs_key(select["experiment"], chosen))
    return hash_chain(keys)


def subset_key(dataset):
    return hash_chain(
        settings_json(datasets[dataset], SUBSET_KEYS),
        source_digest("link_subset"),
        subset_upstream(dataset),
    )
