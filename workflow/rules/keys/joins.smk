"""What joined statistics rest on, and which subsets are chosen by one."""

JOIN_KEYS = [
    "split",
    "file",
    "by",
    "column",
    "header",
    "value",
    "probabilities",
    "description",
]
chosen_by_joined = [
    name for name in subsets if datasets[name]["select"]["by"] == "score" and datasets[name]["select"]["score"] in joins
]


def joined_file(join):
    """The user's table."""
    path = joins[join]["file"]
    if not os.path.exists(path):
        print(f"analyses.images.joins.{join}.file: no such file: {path}; fix the path", file=sys.stderr)
        sys.exit(1)
    return path


def join_settings(join):
    return settings_json(joins[join], JOIN_KEYS)


def join_key(join):
    return hash_chain(dataset_key(joins[join]["dataset"]), join_settings(join), source_digest("join_statistic"))


def joined_table(join):
    return f"results/datasets/{joins[join]['dataset']}/joins/{join}.parquet"


def join_of_subset(dataset):
    """The joined statistic that a subset is chosen by."""
    return datasets[dataset]["select"]["score"]


def joined_order_settings(dataset):
    return settings_json(joins[join_of_subset(dataset)], ["harder"])


def joined_order_upstream(dataset):
    return hash_chain(join_key(join_of_subset(dataset)), dataset_key(datasets[dataset]["of"]))


def joined_order_key(dataset):
    return hash_chain(joined_order_upstream(dataset), joined_order_settings(dataset), source_digest("order_by_joined"))
