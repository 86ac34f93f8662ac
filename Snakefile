"""How difficult is every example of an image data set, by every method at once, over several seeds.

snakemake --cores all                                    everything that config.yaml asks for
snakemake --cores all --configfile recipes/NAME.yaml     a published experiment
snakemake --cores all scores                             tables only, no figures
snakemake --cores 1 verify                               results against configuration and checksums
snakemake --report results/report.html                   one offline page, once all is done
"""


include: "workflow/Snakefile"


workflow.default_target = "all"  # an included file sets none
