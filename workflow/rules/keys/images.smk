"""Which images have statistics, what these rest on, and the family of scores that they are."""

image_experiments = configuration.image_experiments


def described_dataset(experiment):
    """The data set that has the statistics of an experiment's images: what its own is, in the end, a subset of."""
    return root(experiments[experiment]["dataset"])


def statistics_of(experiment):
    return f"results/datasets/{described_dataset(experiment)}/statistics.parquet"


def statistics_settings():
    return settings_json(analyses["images"], ["statistics", "size"])


@lru_cache
def statistics_key(dataset):
    return hash_chain(dataset_key(dataset), statistics_settings(), source_digest("compute_image_statistics"))


def image_scores_upstream(experiment):
    return hash_chain(statistics_key(described_dataset(experiment)), dataset_key(experiments[experiment]["dataset"]))


@lru_cache
def image_scores_key(experiment, chosen=None):
    """Runs have no part in statistics of images, whichever of them are chosen."""
    if experiment not in image_experiments:
        return None
    return hash_chain(image_scores_upstream(experiment), source_digest("select_statistics"))


score_families["images"] = image_scores_key
