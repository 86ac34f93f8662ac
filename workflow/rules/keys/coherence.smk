"""Whose gradients are compared at which checkpoints, and what that depends on."""

coherent_epochs = configuration.coherent_epochs


def coherence_settings(experiment):
    chosen = {key: analyses["coherence"][key] for key in ("examples", "score", "fraction", "seed")}
    own = {key: value for key, value in experiments[experiment].items() if key in ("device", "folds")}
    return settings_json({**chosen, **own, "epochs": coherent_epochs[experiment]})


def coherence_code(experiment):
    return source_digest("measure_coherence", model_module(experiment))


def coherence_upstream(experiment):
    """What is easy and hard depends on all runs."""
    return hash_chain(run_key(experiment), dynamics_key(experiment))


def coherence_key(experiment):
    upstream = coherence_upstream(experiment)
    return hash_chain(upstream, coherence_settings(experiment), coherence_code(experiment), list(runs(experiment)))


family_tables += [path for experiment in coherent_epochs for path in experiment_files(experiment, "coherence.parquet")]
family_figures += [
    f"results/figures/experiments/{experiment}/coherence.{format}"
    for experiment in coherent_epochs
    for format in ("png", "pdf")
]
