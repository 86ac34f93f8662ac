"""Results for other tools. From: the tables of an experiment and the images of its data set. To:
results/export/{experiment}/{format}/

They are made when they are asked for: no other target needs them.
"""


rule export_cleanlab:
    """Writes the label issues of all experiments for cleanlab."""
    input:
        plan.export.folders("cleanlab"),


rule export_coco:
    """Writes the labels of all experiments in the format of COCO, with lists of what to keep and to drop."""
    input:
        plan.export.folders("coco"),


rule export_fiftyone:
    """Writes the samples of all experiments for FiftyOne."""
    input:
        plan.export.folders("fiftyone"),


rule export_huggingface:
    """Writes images, labels and scores of all experiments for Hugging Face's datasets."""
    input:
        plan.export.folders("huggingface"),


rule export_label_studio:
    """Writes the suspects of all experiments as tasks for Label Studio."""
    input:
        plan.export.folders("label-studio"),


rule export_results:
    """Writes what is known of an experiment's examples as another tool reads it."""
    input:
        files=users_files(plan.export.image_files),  # which refuses what cannot be exported, before the others
        scores=paths.SCORES,
        suspects=paths.SUSPECTS_TABLE,
        examples=lambda w: plan.data.path(paths.EXAMPLES, w.experiment),
    output:
        directory(paths.EXPORT),
    log:
        paths.log("export/{experiment}/export_results-{format}"),
    benchmark:
        paths.benchmark("export/{experiment}/export_results-{format}")
    wildcard_constraints:
        format=r"[\w-]+",
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        **parameters(plan.export.export_results),
    shell:
        command("export_results", inputs="files scores suspects examples")
