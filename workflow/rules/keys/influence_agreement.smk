"""What the comparison of variants of influence rests on: all of them, in the first run of an experiment."""


def of_first_run(experiment, *names):
    run, *_ = runs(experiment)
    return [f"results/experiments/{experiment}/{run}/{name}" for name in names]


def compared_pairwise(experiment, ending=""):
    """Tables of every query set, variant and checkpoint; ending: -examples for those that list training examples."""
    epochs, sets = influence_epochs[experiment], influence["queries"]
    names = [
        f"pairwise/{queries}/{variant}-epoch-{epoch}{ending}.parquet"
        for queries in sets
        for variant in VARIANTS
        for epoch in epochs
    ]
    return of_first_run(experiment, *names)


def compared_self(experiment):
    epochs = influence_epochs[experiment]
    names = [f"influence/{variant}-epoch-{epoch}.parquet" for variant in VARIANTS for epoch in epochs]
    return of_first_run(experiment, *names)


def agreement_upstream(experiment):
    keys = [self_influence_key(experiment, variant) for variant in VARIANTS]
    keys += [pairwise_key(experiment, variant, queries) for queries in influence["queries"] for variant in VARIANTS]
    return hash_chain(keys, runs(experiment)[0])


def influence_agreement_key(experiment):
    return hash_chain(agreement_upstream(experiment), source_digest("compute_influence_agreement"))


family_tables += [f"results/experiments/{experiment}/influence-agreement.parquet" for experiment in influence_epochs]
family_figures += [
    f"results/figures/experiments/{experiment}/influence_agreement.{format}"
    for experiment in influence_epochs
    for format in ("png", "pdf")
]
