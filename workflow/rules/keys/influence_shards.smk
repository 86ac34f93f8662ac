"""What factors that are merged of sums over shards depend on."""

CURVATURE_SHARDS = [str(shard) for shard in range(influence["shards"])]


def basis_variant(variant):
    """The variant of kfac in whose bases the second moments of one of ekfac are summed; None for the others."""
    return variant.removeprefix("e") if variant.startswith("ekfac") else None


MERGED = sorted(({*VARIANTS, *map(basis_variant, VARIANTS)} - {*FITTED, None}))


def sums_settings(experiment, variant):
    settings = json.loads(factor_settings(experiment, variant))
    return settings_json({**settings, "shards": influence["shards"]})


def sums_code(experiment):
    return source_digest("sum_curvature", model_module(experiment))


@lru_cache
def sums_upstream(experiment, variant):
    basis = basis_variant(variant)
    return factors_key(experiment, basis) if basis else run_key(experiment)


@lru_cache
def sums_key(experiment, variant):
    settings = sums_settings(experiment, variant)
    return hash_chain(sums_upstream(experiment, variant), settings, sums_code(experiment))


def bases_of(wildcards):
    """The factors in whose bases second moments are summed, or nothing."""
    if not (basis := basis_variant(wildcards.variant)):
        return []
    return "results/experiments/{experiment}/{run}/factors/{basis}-epoch-{epoch}".format(**wildcards, basis=basis)


def merging_settings(experiment, variant):
    return settings_json(json.loads(factor_settings(experiment, variant)), ["strategy", "device"])


def merged_factors_key(experiment, variant):
    settings = merging_settings(experiment, variant)
    return hash_chain(sums_key(experiment, variant), settings, source_digest("merge_factors"))


# By name, since Snakemake does not miss an intermediate that was lost; those of VARIANTS are asked for anyway.
family_tables += [
    path
    for experiment, epochs in influence_epochs.items()
    for variant in MERGED
    if variant not in VARIANTS
    for epoch in epochs
    for path in experiment_files(experiment, f"factors/{variant}-epoch-{epoch}")
]
