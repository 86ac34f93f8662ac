"""How difficult is every example of an image data set, by every method at once, over several seeds.

snakemake --cores all                                    everything that config.yaml asks for
snakemake --cores all --configfile recipes/NAME.yaml     a published experiment
snakemake --cores all scores                             tables only, no figures
snakemake --cores 1 verify                               results against configuration and checksums
snakemake --report results/report.html                   one offline page, once all is done
"""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/checks.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/subsets.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/evaluations.smk"


# What not every configuration has: each rule less makes Snakemake's planning faster.
if recorded:

    include: "workflow/rules/imports.smk"


if snapshots:

    include: "workflow/rules/snapshots.smk"


if any("folds" in settings for settings in experiments.values()):

    include: "workflow/rules/label_quality.smk"


if agreement_groups:

    include: "workflow/rules/order_stability.smk"


if analyses["comparisons"]:

    include: "workflow/rules/comparisons.smk"


if any(configuration.truth_columns.values()):

    include: "workflow/rules/truth.smk"


if configuration.vog_stages:

    include: "workflow/rules/gradients.smk"
    include: "workflow/rules/vog_figures.smk"
    include: "workflow/rules/distributions.smk"


if configuration.image_experiments:

    include: "workflow/rules/images.smk"


if configuration.image_experiments and analyses["images"]["joins"]:

    include: "workflow/rules/joins.smk"


if configuration.related_experiments:

    include: "workflow/rules/relations.smk"


if configuration.probed_epochs:

    include: "workflow/rules/prediction_depth.smk"
    include: "workflow/rules/prediction_depth_figures.smk"


if configuration.influence_epochs:

    include: "workflow/rules/influence.smk"


if configuration.influence_epochs and analyses["influence"]["shards"] > 1:

    include: "workflow/rules/influence_shards.smk"


if configuration.influence_epochs and analyses["influence"]["queries"]:

    include: "workflow/rules/pairwise_influence.smk"


if configuration.influence_epochs and len(VARIANTS) > 1:

    include: "workflow/rules/influence_agreement.smk"


if configuration.coherent_epochs:

    include: "workflow/rules/coherence.smk"


if configuration.precision_epochs:

    include: "workflow/rules/multi_label.smk"


if configuration.generalization:

    include: "workflow/rules/generalization.smk"


if "vog_toy" in analyses:

    include: "workflow/rules/vog_toy.smk"


include: "workflow/rules/verify.smk"  # last, since it looks at all rules


localrules:
    all,
    data,
    runs,
    scores,
    figures,
    verify,


rule all:
    default_target: True
    input:
        rules.data.input,
        rules.runs.input,
        rules.scores.input,
        rules.figures.input,
