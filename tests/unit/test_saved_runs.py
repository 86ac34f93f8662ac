"""A finished run is opened from its files: labels, images, roles and the networks of its checkpoints."""

import numpy as np
import pandas as pd
import pytest
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.files import FILES
from difficulty.datasets.pixels import write_pixels
from difficulty.errors import UserError
from difficulty.models.building import build_model, description
from difficulty.saved_runs.options import run_arguments
from difficulty.saved_runs.runs import open_run, open_runs
from difficulty.stage import required_paths
from difficulty.tables import write_table
from difficulty.tensor_files import save_tensors
from difficulty.training.checkpoints import checkpoint_name, write_manifest
from difficulty.training.passes import predict_logits

COUNT, SIZE = 12, (8, 8)
SETTINGS = {"architecture": "resnet9", "width": 4}


@pytest.fixture
def folder(tmp_path):
    """Tables of an experiment with folds and the checkpoint of one of its runs."""
    ids = np.arange(COUNT)
    labels = pd.DataFrame({"example_id": ids, "split": np.where(ids < 8, "train", "test"), "label": ids % 2})
    labels = labels.assign(clean_label=labels["label"], is_corrupt=False, content=ids)
    write_table(labels, tmp_path / "labels.parquet", LABELS)
    images = np.random.default_rng(0).integers(0, 256, (COUNT, *SIZE, 1), dtype=np.uint8)
    write_pixels(tmp_path / "pixels.parquet", ids, images, {"mean": [0.5], "std": [0.25]})
    none = {name: pd.Series(dtype="str" if name in ("file", "sha256") else "int64") for name in FILES.columns}
    write_table(pd.DataFrame(none), tmp_path / "files.parquet", FILES)
    (tmp_path / "images").mkdir()
    save_network(tmp_path / "plain" / "seed-1-fold-0" / "checkpoints", SIZE)
    return tmp_path


def save_network(checkpoints, size):
    """The checkpoint of epoch 2 of a fresh network for grey images of this size."""
    model = build_model(SETTINGS, 1, size, 2, seed=1)
    about = description(SETTINGS, 1, size, 2, (0.5,), (0.25,))
    checksum = save_tensors(checkpoints / checkpoint_name(2), model.state_dict(), about)
    write_manifest(checkpoints, {2: checksum}, {})


def arguments(folder, **settings):
    """What a stage gets of the run in the folder."""
    parser = run_arguments("a stage", "output.parquet")
    paths = {name: folder / f"{name}.parquet" for name in ("labels", "pixels", "files", "output")}
    paths["checkpoints"] = folder / "plain" / "seed-1-fold-0" / "checkpoints"
    args = parser.parse_args([word for name, path in paths.items() for word in (f"--{name}", str(path))])
    args.settings = {"device": "cpu", **settings}
    return args


def test_a_run_knows_its_name_seed_and_roles(folder):
    run = open_run(arguments(folder, folds=2))
    assert run.name == "plain/seed-1-fold-0" and (run.run.seed, run.run.fold) == (1, 0)
    assert (run.roles[8:] == "test").all() and (run.roles[:8] == "validation").sum() == 4
    assert (open_run(arguments(folder)).roles[:8] == "train").all()


def test_its_network_gives_the_same_of_all_images_and_of_some(folder):
    run, rows = open_run(arguments(folder)), np.array([9, 2])
    network, targets = run.network(2), torch.tensor(run.labels["label"].to_numpy())
    every = predict_logits(network.model, run.labelled(network, targets), run.settings)
    some = predict_logits(network.model, run.labelled(network, targets[rows], rows), run.settings)
    np.testing.assert_allclose(some, every[rows], rtol=1e-4, atol=1e-5)


def test_a_checkpoint_that_is_missing_or_of_another_size_raises(folder):
    run = open_run(arguments(folder))
    with pytest.raises(UserError, match="no checkpoint of epoch 3; saved are 2"):
        run.network(3)
    save_network(run.checkpoints, (16, 16))
    with pytest.raises(UserError, match=r"pixels\.parquet: images are \(8, 8, 1\) .*, the network takes \(16, 16, 1\)"):
        run.network(2)


def test_runs_share_their_data(folder):
    args = arguments(folder)
    first, second = open_runs(args, [args.checkpoints, folder / "plain" / "seed-2" / "checkpoints"])
    assert first.images is second.images and first.labels is second.labels
    assert second.run.seed == 2


def test_examples_of_another_data_set_are_taken_as_well(folder):
    labels = pd.read_parquet(folder / "labels.parquet")[["example_id", "split", "label"]]
    examples = labels.assign(key=labels["example_id"].astype(str), original_index=labels["example_id"], class_name="a")
    examples = examples.assign(file="", sha256="", duplicate_of=pd.array([pd.NA] * COUNT, dtype="Int64"))
    write_table(examples, folder / "labels.parquet", EXAMPLES)
    run = open_run(arguments(folder), ["example_id", "split", "label"])
    assert run.example_ids.tolist() == list(range(COUNT))


def test_workers_take_threads_only_where_they_decode(folder):
    args, before = arguments(folder), torch.get_num_threads()
    args.threads, args.workers = 3, 2
    try:
        open_run(args)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_several_required_paths_are_options_of_their_own():
    parser = run_arguments("a stage", "output.parquet")
    required_paths(parser, "factors", "queries", help="folders")
    assert {"--factors", "--queries"} <= {each.option_strings[0] for each in parser._actions if each.required}
