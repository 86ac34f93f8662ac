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
include: "workflow/rules/imports.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/label_quality.smk"
include: "workflow/rules/gradients.smk"
include: "workflow/rules/subsets.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/truth.smk"
include: "workflow/rules/vog_figures.smk"
include: "workflow/rules/distributions.smk"
include: "workflow/rules/evaluations.smk"
include: "workflow/rules/vog_toy.smk"
include: "workflow/rules/verify.smk"


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
