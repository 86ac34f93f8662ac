"""Costs of scores that are computed from records, and of what is computed from scores."""

from difficulty.costs.job import Job
from difficulty.costs.work import Work

_JOINED_COLUMNS = 3  # mean, deviation and flag of a score
_BLOCK, _AT_A_TIME, _CORRELATED = 2_000_000, 131_072, 100_000  # rows of records; examples that are held at once
_STARTS, _MATRICES = 100_000, 100  # examples that starts of noise models are fitted to; classes that have matrices
_HELD = 1 << 24  # examples times classes that noise models are fitted to at most
_PASS = 3e-8  # seconds for one of these numbers that is read from a table and judged
_OF_PAIRS = 480  # bytes for each pair of many classes, most of them the optimiser's
_BOOTSTRAP = 1000  # resamples with which formulas were fitted


def score_columns(job: Job) -> int:
    """Columns of scores that an experiment has."""
    families = job.plan.scores.families_of(job.experiment)
    of_family = {"dynamics": 17, "images": 10, "vog": 6, "label_error": 6}
    names = [path.rpartition("/")[2].removesuffix(".parquet") for path in families]
    return sum(of_family.get(name, 2) for name in names)


def score_dynamics(job: Job) -> Work:
    """Reads one run after the other, some epochs of it at a time."""
    records = job.rows_of_run * job.runs
    memory = 10e6 + 190 * min(job.rows_of_run, _BLOCK) + 100 * job.rows
    return job.tables(0.05 + 4.7e-7 * records, memory, 10_000 + 62 * job.rows)


def score_memorization(job: Job) -> Work:
    records = job.rows_of_run * job.runs
    return job.tables(0.1 + 3e-7 * records, 60 * job.rows, 10_000 + 12 * job.rows)


def score_label_error(job: Job) -> Work:
    """Fits a noise model for each seed and for all of them, and two where examples are held out, for estimates as well.

    Of many examples the starts are fitted to a sample, and all examples only from there. Of too many examples times
    classes all models are fitted to a sample, and all examples are read by each of them.
    """
    train, classes, with_folds = job.data.train, job.data.classes, bool(job.settings.get("folds"))
    numbers, held = train * classes, min(train * classes, _HELD)
    fits = 2 * (job.seeds + 1) + 1.5 if with_folds else job.seeds + 1
    slope = 7.8e-6 + 2.7e-7 * classes if classes <= _MATRICES else 2.1e-5
    fitted = held if held <= _STARTS * classes else _STARTS * classes + 0.4 * held
    seconds = 1.4 + fits * slope * fitted + 2.3e-7 * job.rows_of_run * job.runs
    memory = 55e6 + job.examples * (200 + 30 * job.runs) + 45 * min(job.examples * classes, _HELD)
    if classes > _MATRICES:
        memory += _OF_PAIRS * classes**2
    if numbers > _HELD:
        seconds += _PASS * numbers * (4 * (job.seeds + 1) + 17 * with_folds)
    return job.tables(seconds, memory, 6_000 + 16 * job.examples)


def score_held_out_records(job: Job) -> Work:
    numbers = job.rows_of_run * job.data.classes
    return job.tables(0.2 + 1e-7 * numbers, 30 * numbers, 4 * numbers)


def score_linear_probes(job: Job) -> Work:
    numbers = job.rows * job.data.classes
    return job.tables(0.2 + 1e-7 * numbers, 30 * numbers, 4 * numbers)


def collect_scores(job: Job) -> Work:
    columns = score_columns(job)
    memory = 12e6 + (170 * columns + 150 * job.runs) * min(job.examples, _AT_A_TIME)
    seconds = 0.1 + 4e-7 * columns * (job.examples + job.rows / 4)
    return job.tables(seconds, memory, 25_000 + 2.2 * _JOINED_COLUMNS * columns * job.examples)


def compute_correlation(job: Job) -> Work:
    columns = score_columns(job)
    resamples = job.plan.analyses["correlation"]["bootstrap"] / _BOOTSTRAP
    drawn = min(job.examples, _CORRELATED)
    seconds = 0.5 + 2e-6 * columns * job.examples + 2e-7 * columns**2 * drawn * resamples
    return job.tables(seconds, 70e6 + 60 * columns * drawn, 20_000 + 20 * columns**2)


def rank_suspects(job: Job) -> Work:
    return job.tables(0.3 + 6e-5 * job.examples, 36e6 + 700 * job.examples, 10_000 + 480 * job.examples)


def compute_truth_correlation(job: Job) -> Work:
    truths = len(job.plan.configuration.truth_columns[job.plan.data.of(job.experiment)])
    return job.tables(0.5 + 3e-4 * job.examples * truths, 40e6 + 600 * job.examples, 10_000 * truths)


def compute_detection(job: Job) -> Work:
    resamples = job.plan.analyses["detection"]["bootstrap"]
    seconds = 0.4 + score_columns(job) * job.examples * (1e-6 + 3e-6 * resamples / _BOOTSTRAP)
    return job.tables(seconds, 42e6 + 500 * job.examples, 115_000)


def collect_detection(job: Job) -> Work:
    return job.tables(0.05 + 0.02 * len(job.plan.scores.detections), 0, 27_000 * len(job.plan.scores.detections))


def suspects(job: Job) -> Work:
    return job.tables(0.3)
