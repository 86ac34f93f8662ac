"""What the accuracies of all runs depend on."""

@lru_cache
def evaluations_upstream():
    return hash_chain([[experiment, runs(experiment), evaluation_key(experiment)] for experiment in with_checkpoints])


def evaluations_key():
    return hash_chain(evaluations_upstream(), source_digest("collect_evaluations"))


if with_checkpoints:
    family_tables.append("results/evaluations.parquet")
    family_figures += ["results/figures/evaluations.png", "results/figures/evaluations.pdf"]
