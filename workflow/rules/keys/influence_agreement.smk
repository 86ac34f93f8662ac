"""What the comparison of variants of influence depends on: all of them, in the first run of an experiment."""


def of_first_run(experiment, paths):
    """Those of an experiment's paths that lie in its first run."""
    first, *_ = runs(experiment)
    return [path for path in paths if f"/{first}/" in path]


def compared_pairwise(experiment, ending=""):
    """Tables of every query set, variant and checkpoint; ending: -examples for those that list training examples."""
    sets = query_sets(experiment) if influence["queries"] else []
    tables = [pairwise_tables(experiment, variant, queries, ending) for queries in sets for variant in VARIANTS]
    return of_first_run(experiment, [path for each in tables for path in each])


def agreement_settings(experiment):
    return settings_json({"strategies": VARIANTS, "epochs": influence_epochs[experiment]})


def agreement_upstream(experiment):
    sets = query_sets(experiment) if influence["queries"] else []
    keys = [self_influence_key(experiment, variant) for variant in VARIANTS]
    keys += [pairwise_key(experiment, variant, queries) for queries in sets for variant in VARIANTS]
    return hash_chain(keys, runs(experiment)[0])


def influence_agreement_key(experiment):
    settings = agreement_settings(experiment)
    return hash_chain(agreement_upstream(experiment), settings, source_digest("compute_influence_agreement"))


family_tables += [
    f"results/experiments/{experiment}/{table}.parquet"
    for experiment in influence_epochs
    for table in ("influence-agreement", "influence-sample")
]
family_figures += [
    f"results/figures/experiments/{experiment}/influence_agreement.{format}"
    for experiment in influence_epochs
    for format in ("png", "pdf")
]
