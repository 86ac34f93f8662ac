"""The SLURM profile knows every stage: short ones travel together, those that run networks may get a GPU."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
# Targets, and what all rules of figures have in common.
LOCAL = {"all", "data", "runs", "scores", "figures", "suspects", "verify", "plan"}
LOCAL |= {"export_cleanlab", "export_coco", "export_fiftyone", "export_huggingface", "export_label_studio"}
# Stages that come before all others, are an experiment of their own or take several threads.
ALONE = {
    "prepare_dataset",
    "order_by_joined",
    "link_subset",
    "import_examples",
    "import_records",
    "corrupt_labels",
    "share_labels",
    "check_experiment",
    "compute_image_statistics",
}


def stages() -> set[str]:
    """Names of all rules, those under a condition included."""
    files = [ROOT / "workflow" / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"^ *(?:rule|use rule \w+ as) (\w+)", text, re.MULTILINE)) - LOCAL


def test_every_stage_has_its_place_in_the_slurm_profile():
    profile = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8"))
    named = {*profile["groups"], *profile["set-resources"]}
    toy = {stage for stage in stages() if "vog_toy" in stage}
    assert stages() - named == ALONE | toy
    assert named <= stages()
