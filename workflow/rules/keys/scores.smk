"""What identifies scores and analyses, and the tables that they are made from."""

analyses = configuration.analyses
agreement_groups, detections = configuration.agreement_groups, configuration.detections


def dynamics_records(experiment):
    """The records of each run that learning-dynamics scores are computed from."""
    both = experiments[experiment]["records"] == "both"
    online = both and analyses["dynamics"]["records"] == "online"
    return experiment_files(experiment, "online_records.parquet" if online else "records.parquet")


@lru_cache
def dynamics_key(experiment, chosen=None):
    return hash_chain(
        runs_key(experiment, chosen),
        settings_json(analyses["dynamics"]),
        source_digest("score_dynamics"),
    )


# Family -> function of an experiment, and of the runs that count if not all do, that gives the hash chain of its scores;
# None if it has none.
score_families = {"dynamics": dynamics_key}
# Tables that families make beside their scores.
family_tables = []


def families_of(experiment):
    """Tables of the families of scores that an experiment has."""
    folder = f"results/experiments/{experiment}/scores"
    return [f"{folder}/{family}.parquet" for family, key in score_families.items() if key(experiment)]


def families_key(experiment):
    keys = [key(experiment) for key in score_families.values()]
    return hash_chain(labels_key(experiment), [key for key in keys if key])


def scores_key(experiment):
    return hash_chain(families_key(experiment), source_digest("collect_scores"))


def detection_settings(detection):
    return settings_json({key: value for key, value in detections[detection].items() if key != "experiment"})


def detection_key(detection):
    scored = scores_key(detections[detection]["experiment"])
    return hash_chain(scored, detection_settings(detection), source_digest("compute_detection"))


def examples_of(experiment):
    return f"results/datasets/{experiments[experiment]['dataset']}/examples.parquet"


def group_files(group, name):
    return [path for experiment in agreement_groups[group] for path in experiment_files(experiment, name)]
