"""How difficult is every example of an image data set, by every method at once, over several seeds.

snakemake --cores all                                    everything that config.yaml asks for
snakemake --cores all --configfile recipes/NAME.yaml     a published experiment
snakemake --cores all scores                             tables only, no figures
snakemake --cores all export_cleanlab                    results for another tool, see docs/export.md
snakemake --cores 1 verify                               results against configuration and checksums
snakemake --report results/report.html                   one offline page, once all is done

Targets stand before --configfile, which takes all words that follow it.
"""


include: "workflow/Snakefile"


if workflow.modifier.is_main_snakefile():
    workflow.default_target = "all"  # an included file sets none
