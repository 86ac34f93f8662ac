"""Which test examples are asked about, and what the influence of training examples on them depends on."""

QUERY_SETS = list(influence["queries"])


def query_sets(experiment):
    """Names of the query sets of an experiment."""
    return [
        name for name, each in influence["queries"].items() if experiment in each.get("experiments", influence_epochs)
    ]


def queries_settings(queries):
    return settings_json({key: value for key, value in influence["queries"][queries].items() if key != "experiments"})


def queries_records(experiment, queries):
    """What tells which predictions are wrong; other queries do not depend on the runs."""
    wrong = influence["queries"][queries]["misclassified"]
    return experiment_files(experiment, "records.parquet") if wrong else []


def queries_upstream(experiment, queries):
    return runs_key(experiment) if queries_records(experiment, queries) else labels_key(experiment)


@lru_cache
def queries_key(experiment, queries):
    upstream = queries_upstream(experiment, queries)
    return hash_chain(upstream, queries_settings(queries), source_digest("choose_queries"))


def pairwise_settings(experiment, variant):
    chosen = {key: influence[key] for key in ("rank", "measurement") if key in influence}
    return settings_json({**chosen, **damping_settings(variant), **network_settings(experiment, variant)})


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


def influential_settings(experiment):
    return settings_json({"top": influence["top"], "epochs": influence_epochs[experiment]})


def influential_upstream(experiment, variant, queries):
    return hash_chain(pairwise_key(experiment, variant, queries), list(runs(experiment)))


def influential_key(experiment, variant, queries):
    upstream = influential_upstream(experiment, variant, queries)
    return hash_chain(upstream, influential_settings(experiment), source_digest("rank_influential"))


def influential_figure_upstream(experiment, variant, queries):
    """Beside what is ranked it shows what the runs predict."""
    return hash_chain(influential_key(experiment, variant, queries), runs_key(experiment))


def influential_figure_settings():
    damping = " ".join(f"{value:g} {kind}" for kind, value in influence["damping"].items())
    facts = {"damping": damping, "measurement": influence["measurement"]}
    return settings_json({"dpi": configuration.figures["dpi"], **facts})


influential = [
    (experiment, queries, variant)
    for experiment in influence_epochs
    for queries in query_sets(experiment)
    for variant in VARIANTS
]
family_tables += [
    path
    for experiment, queries, variant in influential
    for ending in ("", "-examples")
    for path in pairwise_tables(experiment, variant, queries, ending)
]
family_tables += [
    f"results/experiments/{experiment}/influential/{queries}/{variant}{ending}.parquet"
    for experiment, queries, variant in influential
    for ending in ("", "-overall")
]
family_figures += [
    f"results/figures/experiments/{experiment}/influential/{queries}/{variant}.{format}"
    for experiment, queries, variant in influential
    for format in ("png", "pdf")
]
