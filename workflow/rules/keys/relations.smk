"""Whose scores are correlated with what is known of the images, and what that depends on."""

related_experiments = configuration.related_experiments
related_groups = [group for group, names in agreement_groups.items() if set(names) <= set(related_experiments)]


def related_statistics(names):
    """Statistics of the images of experiments on one data set: those of the first that has any."""
    having = [name for name in names if name in configuration.image_experiments]
    return [f"results/experiments/{name}/scores/images.parquet" for name in having[:1]]


def related_statistics_key(names):
    return [image_scores_key(name) for name in names if name in configuration.image_experiments][:1]


def relations_settings():
    return settings_json(analyses["relations"], ["scores"])


def relations_key(experiment):
    return hash_chain(scores_key(experiment), relations_settings(), source_digest("compute_relations"))


def agreed_upstream(group):
    names = agreement_groups[group]
    return hash_chain([runs_key(name) for name in names], related_statistics_key(names))


def agreed_key(group):
    return hash_chain(agreed_upstream(group), source_digest("describe_agreed"))


def drawn_settings(**drawn):
    return settings_json({"dpi": configuration.figures["dpi"], **drawn})


family_tables += [f"results/experiments/{experiment}/relations.parquet" for experiment in related_experiments]
family_tables += [f"results/agreement/{group}-statistics.parquet" for group in related_groups]
family_figures += [
    f"results/figures/{place}.{format}"
    for place in [
        *(
            f"experiments/{experiment}/{figure}"
            for experiment in related_experiments
            for figure in ("relations", "statistics_histograms")
        ),
        *(f"agreement/{group}/statistics" for group in related_groups),
    ]
    for format in ("png", "pdf")
]
