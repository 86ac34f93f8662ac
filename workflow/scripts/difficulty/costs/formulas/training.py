"""Costs of labels, runs and evaluations."""

from difficulty.costs.job import Job, decoding
from difficulty.costs.work import MIB, Network, Work
from difficulty.training.checkpoint_epochs import checkpoint_epochs

_BLOCK = 2_000_000  # rows of records that are held at once
_SETTLED = 2000  # images of `training.loop`
_RECORD = 33  # bytes of a row
_OUTCOMES = 30  # bytes of an example and epoch before records are written
_NUMBER = 4
_PREDICTIONS = 256 * MIB  # of others' records, which are read some rows at a time; shuffled ones take more
_SMALL_TABLES = 30_000  # bytes of history, steps, timing and manifest
_HEADER = 6_000  # bytes of a checkpoint beside its numbers


def corrupt_labels(job: Job) -> Work:
    return job.tables(0.02 + 5e-7 * job.examples, 12e6 + 270 * job.examples, 5000 + 6 * job.examples)


def share_labels(job: Job) -> Work:
    return job.tables(0.02 + 1e-6 * job.examples, 1000 * job.examples, 5000 + 6 * job.examples)


def check_experiment(job: Job) -> Work:
    return job.tables(0.02 + 1e-6 * job.examples, 18e6 + 500 * job.examples, 5200)


def train_model(job: Job) -> Work:
    settings, epochs = job.settings, job.settings["epochs"]
    saved = checkpoint_epochs(settings)
    is_recorded = settings["records"] in ("clean", "both")
    settled = min(_SETTLED, job.trained) if settings.get("batch_norm", "settled") == "settled" else 0
    shown = epochs if is_recorded else len([epoch for epoch in saved if epoch])
    forward = epochs * job.examples * is_recorded + settled * (shown + (0 in saved))
    kinds = {"clean": 1, "online": 1, "both": 2, "none": 0}[settings["records"]]
    rows = kinds * job.rows_of_run
    work = job.passes("training", job.network.batch, forward=forward, step=epochs * job.trained)
    return work.plus(
        processes=settings.get("gpus", 1) - 1,
        seconds=0.3 + 3e-6 * rows + 0.02 * epochs,
        memory=2.2 * work.images_at_once * job.data.numbers * 4 / MIB + 210 * job.examples / MIB,
        kept=_RECORD * rows + _SMALL_TABLES + len(saved) * (_NUMBER * job.facts.state + _HEADER),
        temporary=_OUTCOMES * rows + 3 * _NUMBER * job.facts.state,
    )


def import_records(job: Job) -> Work:
    rows, numbers = job.rows_of_run, job.data.classes * _NUMBER
    memory = 320 * min(rows, _BLOCK) + min(numbers * rows, _PREDICTIONS)
    seconds = 7.5e-6 * rows + 7e-9 * numbers * rows
    return Work("network", seconds=seconds, memory=memory / MIB, kept=_RECORD * rows + 10_000)


def import_checkpoints(job: Job) -> Work:
    work = job.passes(forward=job.rows_of_run)
    return work.plus(
        seconds=0.3 + 3e-6 * job.rows_of_run,
        kept=_RECORD * job.rows_of_run + 10_000 + job.epochs * _NUMBER * job.facts.state,
    )


def evaluate_run(job: Job) -> Work:
    every = job.settings["records"] == "online" and job.experiment in job.plan.training.trained
    own = job.examples * (len(checkpoint_epochs(job.settings)) if every else 1)
    others = [job.sizes_of(name) for name in job.plan.training.evaluated_datasets(job.experiment)[1:]]
    work = job.passes(forward=own + sum(each.test for each in others), kept=4100)
    return work.plus(memory=max((each.decoded for each in others), default=0) / MIB)


def collect_evaluations(job: Job) -> Work:
    files = len(job.plan.training.evaluations())
    return job.tables(0.03 + 5e-3 * files, 0, 5000 + 20 * files)


def train_second_split(job: Job) -> Work:
    epochs, further = job.settings["epochs"], job.plan.analyses["second_split"]["epochs"]
    half = job.trained / 2
    settled = min(_SETTLED, half) if job.settings.get("batch_norm", "settled") == "settled" else 0
    forward = (1 + further) * (job.trained + settled)
    work = job.passes("training", job.network.batch, step=(epochs + further) * half, forward=forward)
    work = work.plus(seconds=0.3 + 0.02 * (epochs + further), kept=5000 + 0.7 * half * further)
    return work.plus(processes=job.settings.get("gpus", 1) - 1, temporary=3 * _NUMBER * job.facts.state)


def score_second_split(job: Job) -> Work:
    return job.tables(0.05 + 2e-6 * job.rows, 600 * job.rows, 5000 + 2 * job.rows)


def measure_coherence(job: Job) -> Work:
    """Gradients of each example by itself, in four groups."""
    settings, epochs = job.plan.analyses["coherence"], job.plan.coherence.epochs[job.experiment]
    images = min(settings["examples"], job.trained) * 4 * len(epochs)
    return job.passes("network", 8, step=3.5 * images, seconds=0.3, kept=8_000).plus(memory=40)


def score_augmentation_sensitivity(job: Job) -> Work:
    draws = job.plan.analyses["augmentation_sensitivity"]["draws"]
    images = job.rows * (draws + 1)
    work = job.passes(forward=images)
    return work.plus(seconds=1e-5 * images + 2e-8 * images * job.data.numbers, kept=5000 + 12.5 * job.rows)


def score_label_quality(job: Job) -> Work:
    work = job.passes(forward=job.data.train * job.seeds)
    held_out = job.data.train * job.seeds
    return work.plus(
        seconds=0.5 + 2e-6 * held_out * job.data.classes + 0.02 * job.runs,
        memory=20 * held_out * job.data.classes / MIB,
        kept=held_out * (12 + 4 * job.data.classes),
    )


def score_average_precision(job: Job) -> Work:
    epochs = len(job.plan.scores.precision_epochs[job.experiment])
    return job.passes(forward=job.examples * epochs, seconds=0.1 * epochs, kept=20_000)


def collect_average_precision(job: Job) -> Work:
    return job.tables(0.1 + 5e-3 * job.runs, 0, 30_000)


def collect_probabilities(job: Job) -> Work:
    numbers = job.data.train * job.data.classes
    return job.tables(0.1 + 1e-7 * numbers, 30 * numbers, 4 * numbers)


def extract_features(job: Job) -> Work:
    """By a network from elsewhere, on images of the size that it takes."""
    features = job.plan.datasets[job.dataset]["features"]
    return _of_features(job, features, forward=job.examples)


def _of_features(job: Job, features: dict, **amounts: float) -> Work:
    data, architecture = job.data, features.get("architecture", features["weights"])
    is_foreign = architecture.startswith("torchvision:")
    shape = (224, 224, 3) if is_foreign else (data.height, data.width, data.channels)
    network = Network(architecture, shape, 1000 if is_foreign else data.classes, 128, features.get("width"))
    at_once = max(1, min(128, (1 << 19) // (shape[0] * shape[1])))
    work = Work("network", network, images_at_once=at_once, memory=2 * data.decoded / MIB, **amounts)
    return work.plus(
        seconds=data.examples * (2e-8 * shape[0] * shape[1] * 3 + decoding(data)), kept=data.examples * 4 * 512
    )
