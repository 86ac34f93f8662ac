"""What identifies a figure: its own settings and the chain of the tables that it shows."""

# Figures that families of scores and further analyses draw.
family_figures = []


def figure_settings(section=None):
    own = configuration.figures[section] if section else {}
    return settings_json({"dpi": configuration.figures["dpi"], **own})


def correlation_key(experiment):
    return hash_chain(
        scores_key(experiment),
        settings_json(analyses["correlation"]),
        source_digest("compute_correlation"),
    )


def agreement_key(group):
    runs_keys = [runs_key(experiment) for experiment in agreement_groups[group]]
    return hash_chain(runs_keys, source_digest("compute_agreement"))
