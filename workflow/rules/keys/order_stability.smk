"""What order stability depends on: the scores of every run of a group, of the families that give those scores."""

order_families = dict.fromkeys(configuration.score_families[score] for score in analyses["agreement"]["scores"])
groups_of_several = [group for group, names in agreement_groups.items() if len(names) > 1]


def order_tables(group):
    """Tables of the scores of every run; the families that an experiment does not have are left out."""
    return [
        f"results/experiments/{experiment}/scores/{family}.parquet"
        for experiment in agreement_groups[group]
        for family in order_families
        if score_families[family](experiment)
    ]


def order_settings():
    return settings_json(analyses["agreement"], ["scores"])


def order_upstream(group):
    keys = {name: [score_families[family](name) for family in order_families] for name in agreement_groups[group]}
    return hash_chain([[name, [key for key in own if key]] for name, own in keys.items()])


def order_key(group):
    return hash_chain(order_upstream(group), order_settings(), source_digest("compute_order_stability"))


family_tables += [
    f"results/agreement/{group}-{table}.parquet" for group in agreement_groups for table in ("order", "reliability")
]
family_figures += [
    f"results/figures/agreement/{group}/order.{format}" for group in groups_of_several for format in ("png", "pdf")
]
