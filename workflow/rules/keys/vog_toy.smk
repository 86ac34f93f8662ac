"""The toy experiment of variance of gradients: whether it is wanted, and what its figures depend on."""

VOG_TOY_SPLITS = ["train", "test"]
vog_toy = analyses.get("vog_toy", {})


def vog_toy_key():
    return hash_chain(settings_json(vog_toy), source_digest("compute_vog_toy"))


def vog_toy_figure_settings():
    return settings_json({**configuration.figures, **vog_toy}, ["dpi", "reference"])


if vog_toy:
    family_tables += [f"results/vog-toy/{table}.parquet" for table in ("scores", "boundary", "summary")]
    family_figures += [
        f"results/figures/vog-toy/{figure}.{format}"
        for figure in ("boundary", "correlation", *(f"distance-{split}" for split in VOG_TOY_SPLITS))
        for format in ("png", "pdf")
    ]
