"""Every recipe is a complete configuration: it plans its jobs for a stand-in of its data in the same layout."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.voc import write_devkit
from tests.support.workflows import ROOT, Workflow


def cifar10_tables(folder):
    (folder / "data").mkdir()
    table = pa.table({"image": [b""], "label": [0], "label_name": ["airplane"], "index": [0]})
    for split in ("train", "test"):
        pq.write_table(table, folder / "data" / f"cifar10_{split}.parquet")


def cifar10_parts_and_human_labels(folder):
    cifar10_tables(folder)
    for name in ("first", "later", "third", "test"):
        shutil.copy(folder / "data" / "cifar10_train.parquet", folder / "data" / f"{name}.parquet")
    for name in ("human", "other_human", "pmd", "features"):
        pq.write_table(pa.table({"label": [0], "original_index": [0]}), folder / "data" / f"{name}.parquet")


def cifar10_tables_and_soft_labels(folder):
    cifar10_tables(folder)
    np.save(folder / "data" / "cifar10h-probs.npy", np.full((10_000, 10), 0.1))


def imagenet(folder):
    for split in ("train", "val"):
        (folder / "imagenet" / split / "n01440764").mkdir(parents=True)
        (folder / "imagenet" / split / "n01440764" / "n01440764_1.JPEG").touch()


def imagenet_and_snapshots(folder):
    imagenet(folder)
    (folder / "snapshots").mkdir()
    for epoch in ("03", "04", "05", "08", "09", "10", "24", "25", "25.6"):
        (folder / "snapshots" / f"epoch-{epoch}.pt").touch()


def voc(folder):
    write_devkit(folder / "VOCdevkit", "VOC2007", {"trainval": 2, "test": 1})
    write_devkit(folder / "VOCdevkit", "VOC2012", {"trainval": 2})
    (folder / "VSD_dataset.csv").write_text("2008_000002,3.7\n")


def kth_tips2b(folder):
    for sample in "abcd":
        (folder / "KTH-TIPS2-b" / "wool" / f"sample_{sample}").mkdir(parents=True)
        (folder / "KTH-TIPS2-b" / "wool" / f"sample_{sample}" / f"22{sample}-scale_2_im_1_col.png").touch()


def photographs(folder):
    for split in ("train", "val"):
        for name in ("ants", "bees"):
            (folder / "hymenoptera_data" / split / name).mkdir(parents=True)
            (folder / "hymenoptera_data" / split / name / "1.jpg").touch()
    (folder / "features.parquet").touch()


def nothing(folder):
    pass


STAND_INS = {
    "agreement_cifar10.yaml": cifar10_tables_and_soft_labels,
    "agreement_cifar10_subset.yaml": cifar10_tables_and_soft_labels,
    "agreement_imagenet.yaml": imagenet,
    "agreement_kth_tips2b.yaml": kth_tips2b,
    "agreement_random_labels.yaml": cifar10_tables,
    "agreement_voc.yaml": voc,
    "cifar10_subset.yaml": cifar10_tables,
    "cleaning_cifar10.yaml": cifar10_parts_and_human_labels,
    "coherent_cifar10.yaml": cifar10_tables,
    "coherent_digits.yaml": nothing,
    "coherent_imagenet.yaml": imagenet,
    "easy_hard_cifar10.yaml": cifar10_tables,
    "easy_hard_imagenet.yaml": imagenet,
    "few_photographs.yaml": photographs,
    "influence_cifar10.yaml": cifar10_tables,
    "label_error_levers_cifar10.yaml": cifar10_parts_and_human_labels,
    "label_errors_cifar10.yaml": cifar10_parts_and_human_labels,
    "mislabeled_cifar10.yaml": cifar10_tables,
    "prediction_depth_shapes.yaml": nothing,
    "pruning_cifar10.yaml": cifar10_parts_and_human_labels,
    "shapes.yaml": nothing,
    "vog_cifar.yaml": cifar10_tables,
    "vog_imagenet.yaml": imagenet_and_snapshots,
    "vog_toy.yaml": nothing,
}
EXPERIMENT = {"prepare_dataset", "collect_scores", "plot_gallery"}
TRAINED = {"vog_imagenet.yaml": "import_checkpoints"}  # else train_model
TOY = {"compute_vog_toy", "plot_vog_toy_boundary", "plot_vog_toy_correlation", "plot_vog_toy_distance"}


@pytest.mark.parametrize("recipe", sorted(path.name for path in (ROOT / "recipes").glob("*.yaml")))
def test_recipe_plans_its_jobs(recipe, tmp_path):
    workflow = Workflow(tmp_path)
    shutil.copytree(ROOT / "recipes", workflow.source / "recipes")
    (workflow.work / "config.yaml").unlink()
    STAND_INS[recipe](workflow.work)
    jobs = workflow.planned("--configfile", str(workflow.source / "recipes" / recipe))
    rules = {rule for rule, _ in jobs}
    if recipe == "vog_toy.yaml":
        assert rules == TOY
    else:
        assert rules >= {*EXPERIMENT, TRAINED.get(recipe, "train_model")}
