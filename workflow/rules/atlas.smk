"""The page that shows everything, and the one with the labels to check.

From: tables of examples, scores and analyses, and figures. To: results/index.html, results/review.html

Each is one file, which a browser opens from disk. The thumbnails of a data set,
results/datasets/{dataset}/thumbnails.parquet, are packed once; subsets show those of the data set that they were chosen
from.
"""


rule pack_thumbnails:
    """Packs small pictures of all images of a data set into sheets."""
    input:
        pixels=paths.PIXELS,
        files=paths.FILES,
    output:
        paths.THUMBNAILS,
    log:
        paths.log("datasets/{dataset}/pack_thumbnails"),
    benchmark:
        paths.benchmark("datasets/{dataset}/pack_thumbnails")
    wildcard_constraints:
        dataset=any_of(plan.atlas.review.roots),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.atlas.pack_thumbnails),
    shell:
        command("pack_thumbnails", inputs="pixels")


rule build_atlas:
    """Makes the page that shows everything."""
    input:
        tables=plan.atlas.tables(),
        figures=plan.atlas.figures(),
    output:
        paths.ATLAS,
    log:
        paths.log("build_atlas"),
    benchmark:
        paths.benchmark("build_atlas")
    conda:
        "../../envs/atlas.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.atlas.build_atlas),
    shell:
        command("build_atlas", are_long=True)


use rule build_atlas as build_review with:
    """Makes the page with the labels to check and what tells whether they are wrong."""
    input:
        plan.atlas.review_tables(),
    output:
        paths.REVIEW,
    log:
        paths.log("build_review"),
    benchmark:
        paths.benchmark("build_review")
    params:
        **parameters(plan.atlas.build_review),
