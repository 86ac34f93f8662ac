"""Images that stay in their files are the same images, whoever decodes them; their crops are torchvision's."""

import numpy as np
import PIL.Image
import pytest
import torch
from torchvision.transforms import RandomResizedCrop

from difficulty.datasets import image_folder
from difficulty.datasets.files import FILES, describe_files
from difficulty.datasets.images import ImageFiles, RandomCrop, open_images, stored_in, take
from difficulty.datasets.loading import Normalization, image_batches
from difficulty.datasets.pixels import channel_histogram, channel_statistics, write_example_ids
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.tables import write_table
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of pictures of many sizes and modes."""
    root = tmp_path_factory.mktemp("photos")
    draws = np.random.default_rng(0)
    for number in range(24):
        path = root / ("train" if number < 16 else "test") / f"class {number % 2}" / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (*draws.integers(12, 40, 2), 3)
        mode = ("RGB", "L", "P", "RGBA")[number % 4]
        PIL.Image.fromarray(draws.integers(0, 256, shape, np.uint8)).convert(mode).save(path)
    return root


def prepared(photos, folder, storage):
    settings = {"path": str(photos), "size": 10, "color": "rgb", "storage": storage}
    return prepare(image_folder.read(settings), settings, folder / "images")


@pytest.fixture(scope="module")
def both(photos, tmp_path_factory):
    """The same data set in memory and in files: (ImageFiles, uint8 (N, H, W, C), labels)."""
    folder = tmp_path_factory.mktemp("both")
    memory, files = (prepared(photos, folder / storage, storage) for storage in ("memory", "files"))
    assert files.images is None and files.shape == (10, 10, 3)
    np.testing.assert_array_equal(files.histogram, memory.histogram)
    facts = {"storage": "files", "shape": files.shape}
    write_example_ids(folder / "files" / "pixels.parquet", files.examples["example_id"], facts)
    table = describe_files(folder / "files" / "images", files.examples["file"], files.examples["sha256"])
    write_table(table, folder / "files" / "files.parquet", FILES)
    example_ids, images = open_images(folder / "files" / "pixels.parquet")
    assert example_ids.tolist() == memory.examples["example_id"].tolist()
    return images, memory.images, memory.examples["label"].to_numpy()


def test_files_decode_to_what_memory_holds(both):
    files, memory, _ = both
    assert files.shape == memory.shape and len(files) == len(memory)
    np.testing.assert_array_equal(files[:], memory)
    np.testing.assert_array_equal(files[[3, 1]], memory[[3, 1]])
    np.testing.assert_array_equal(take(files, np.array([5, 2]))[1:], take(memory, np.array([5, 2]))[1:])


def test_files_are_read_over_the_same_background_and_by_the_same_levels(tmp_path):
    draws = np.random.default_rng(0)
    (tmp_path / "photos" / "train" / "a").mkdir(parents=True)
    pictures = draws.integers(0, 256, (9, 9, 4), np.uint8), draws.integers(0, 4096, (9, 9), np.uint16)
    for number, pixels in enumerate(pictures):
        PIL.Image.fromarray(pixels).save(tmp_path / "photos" / "train" / "a" / f"{number}.png")
    settings = {"path": str(tmp_path / "photos"), "size": 9, "color": "rgb", "background": "#208040"}
    source = image_folder.read(settings)
    memory = prepare(source, {**settings, "storage": "memory"}, tmp_path / "memory" / "images")
    files = prepare(source, {**settings, "storage": "files"}, tmp_path / "files" / "images")
    facts = {"storage": "files", "shape": files.shape, "reading": files.reading.facts()}
    write_example_ids(tmp_path / "files" / "pixels.parquet", files.examples["example_id"], facts)
    table = describe_files(tmp_path / "files" / "images", files.examples["file"], files.examples["sha256"])
    write_table(table, tmp_path / "files" / "files.parquet", FILES)
    _, images = open_images(tmp_path / "files" / "pixels.parquet")
    np.testing.assert_array_equal(images[:], memory.images)
    np.testing.assert_array_equal(memory.images[1, :, :, 0], np.rint(pictures[1] / (4095 / 255)))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_whoever_decodes(both, workers):
    files, memory, _ = both
    batches = [torch.tensor([4, 0, 9]), slice(20, 30)]
    found = list(image_batches(files, batches, CPU, workers))
    for images, rows in zip(found, batches, strict=True):
        np.testing.assert_array_equal(images.permute(0, 2, 3, 1), memory[rows])
        assert images.is_contiguous(memory_format=torch.channels_last)


def trained(images, labels, folder, workers=0, **augmentation):
    settings = {
        "architecture": "resnet9",
        "width": 4,
        "optimizer": {"name": "sgd", "lr": 0.05},
        "schedule": {"name": "constant"},
        "epochs": 2,
        "batch_size": 8,
        "drop_last": False,
        "augmentation": augmentation,
        "records": "both",
        "checkpoints": "last",
        "device": "cpu",
    }
    normalization = Normalization((0.5,) * 3, (0.25,) * 3)
    data = TrainingData(images, torch.tensor(labels), normalization, workers, train=torch.arange(16))
    partial = PartialRun(folder, {})
    train(build_model(settings, 3, (10, 10), 2, 0), data, settings, 0, partial, "{}")
    return {epoch: partial.outcomes(epoch) for epoch in (1, 2)}


def assert_same(first, second):
    for epoch, arrays in first.items():
        for name, values in arrays.items():
            if name != "seconds":
                np.testing.assert_array_equal(values, second[epoch][name], err_msg=name)


def test_training_from_files_is_training_from_memory(both, tmp_path):
    files, memory, labels = both
    first = trained(torch.from_numpy(memory), labels, tmp_path / "a", crop=1, flip=True)
    assert_same(first, trained(files, labels, tmp_path / "b", crop=1, flip=True))


def test_random_crops_do_not_depend_on_the_number_of_workers(both, tmp_path):
    files, _, labels = both
    crop = {"scale": [0.2, 1.0], "ratio": [0.75, 1.3]}
    first = trained(files, labels, tmp_path / "a", resized_crop=crop)
    assert_same(first, trained(files, labels, tmp_path / "b", workers=2, resized_crop=crop))


def test_a_file_that_broke_is_named_by_whichever_process_reads_it(both, tmp_path):
    files, _, _ = both
    (tmp_path / "x.png").write_bytes(b"no image")
    broken = ImageFiles(tmp_path, ["x.png"], files.image_shape)
    for workers in (0, 1):
        with pytest.raises(UserError, match=r"x\.png: cannot be decoded any more") as error:
            list(image_batches(broken, [slice(0, 1)], CPU, workers))
        assert "Traceback" not in str(error.value)


@pytest.mark.parametrize("size", [(60, 40), (400, 20)])
def test_crops_are_distributed_as_torchvisions(size):
    """Means of edge, width and height of 4,000 crops, within four standard errors of each other."""
    width, height = size
    scale, ratio = (0.08, 1.0), (3 / 4, 4 / 3)
    boxes = np.array([RandomCrop(scale, ratio, 0, 1).box(row, width, height) for row in range(4000)])
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2] <= width).all() and (boxes[:, 3] <= height).all()
    image = torch.empty(3, height, width)
    torch.manual_seed(0)
    theirs = np.array([RandomResizedCrop.get_params(image, scale, ratio) for _ in range(4000)])
    ours = np.stack([boxes[:, 1], boxes[:, 0], boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]], 1)
    error = np.sqrt((ours.var(0) + theirs.var(0)) / 4000) + 1e-9
    assert (np.abs(ours.mean(0) - theirs.mean(0)) < 4 * error).all()


def test_storage_is_as_configured_or_by_size():
    assert stored_in({}, 10, (4, 4, 3), 480) == "memory"
    assert stored_in({}, 11, (4, 4, 3), 480) == "files"
    assert stored_in({"storage": "auto"}, 11, (4, 4, 3), 480) == "files"
    assert stored_in({"storage": "memory"}, 11, (4, 4, 3), 480) == "memory"


def test_statistics_of_a_histogram_are_those_of_the_images(both):
    _, memory, _ = both
    found = channel_statistics(channel_histogram(memory))
    np.testing.assert_allclose(found["mean"], (memory / 255).mean((0, 1, 2)))
    np.testing.assert_allclose(found["std"], (memory / 255).std((0, 1, 2)))
