"""What the accuracies of all runs rest on."""

@lru_cache
def evaluations_key():
    return hash_chain([[experiment, runs(experiment), evaluation_key(experiment)] for experiment in with_checkpoints])


if with_checkpoints:
    family_tables.append("results/evaluations.parquet")
    family_figures += ["results/figures/evaluations.png", "results/figures/evaluations.pdf"]
