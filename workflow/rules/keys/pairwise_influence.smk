"""Which test examples are asked about, and what the influence of training examples on them rests on."""

QUERY_SETS = list(influence["queries"])


def queries_settings(queries):
    return settings_json(influence["queries"][queries])


@lru_cache
def queries_key(experiment, queries):
    return hash_chain(runs_key(experiment), queries_settings(queries), source_digest("choose_queries"))


def pairwise_settings(experiment, variant):
    chosen = {key: influence[key] for key in ("damping", "rank", "measurement") if key in influence}
    return settings_json({**chosen, **network_settings(experiment, variant)})


def pairwise_code(experiment):
    return source_digest("score_pairwise_influence", model_module(experiment))


def pairwise_upstream(experiment, variant, queries):
    return hash_chain(factors_key(experiment, variant), queries_key(experiment, queries))


@lru_cache
def pairwise_key(experiment, variant, queries):
    upstream = pairwise_upstream(experiment, variant, queries)
    return hash_chain(upstream, pairwise_settings(experiment, variant), pairwise_code(experiment))


def pairwise_tables(experiment, variant, queries, ending=""):
    """The tables of every run and checkpoint; ending: -examples for those that list the training examples."""
    epochs = influence_epochs[experiment]
    names = [f"pairwise/{queries}/{variant}-epoch-{epoch}{ending}.parquet" for epoch in epochs]
    return experiment_files(experiment, *names)


def influential_settings():
    return settings_json({"top": influence["top"]})


def influential_key(experiment, variant, queries):
    key = pairwise_key(experiment, variant, queries)
    return hash_chain(key, influential_settings(), source_digest("rank_influential"))


def influential_figure_settings():
    damping = " ".join(f"{value:g} {kind}" for kind, value in influence["damping"].items())
    facts = {"damping": damping, "measurement": influence["measurement"]}
    return settings_json({"dpi": configuration.figures["dpi"], **facts})


influential = [
    (experiment, queries, variant) for experiment in influence_epochs for queries in QUERY_SETS for variant in VARIANTS
]
family_tables += [
    path for experiment, queries, variant in influential for path in pairwise_tables(experiment, variant, queries)
]
family_tables += [
    f"results/experiments/{experiment}/influential/{queries}/{variant}.parquet"
    for experiment, queries, variant in influential
]
family_figures += [
    f"results/figures/experiments/{experiment}/influential/{queries}/{variant}.{format}"
    for experiment, queries, variant in influential
    for format in ("png", "pdf")
]
