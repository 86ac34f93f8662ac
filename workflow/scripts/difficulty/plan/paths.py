"""Every path of results/, as a pattern: rules declare it as it stands, the plan fills it in with `format`.

A run is `seed-0` or `seed-0-fold-3`; a variant is a strategy of influence, perhaps in a precision of its own: `ekfac`,
`ekfac_bfloat16`; `{shard}` is empty or `-shard-3`.
"""

_DATASET = "results/datasets/{dataset}"
EXAMPLES = f"{_DATASET}/examples.parquet"
PIXELS = f"{_DATASET}/pixels.parquet"
FILES = f"{_DATASET}/files.parquet"
IMAGES = f"{_DATASET}/images"
CHOSEN = f"{_DATASET}/chosen.csv"
CHOSEN_BY = f"{_DATASET}/chosen_by.parquet"
STATISTICS = f"{_DATASET}/statistics.parquet"
JOINED = f"{_DATASET}/joins/{{join}}.parquet"

_EXPERIMENT = "results/experiments/{experiment}"
CHECKED = f"{_EXPERIMENT}/checked.parquet"
LABELS = f"{_EXPERIMENT}/labels.parquet"
SCORES = f"{_EXPERIMENT}/scores.parquet"
CORRELATION = f"{_EXPERIMENT}/correlation.parquet"
STABILITY = f"{_EXPERIMENT}/stability.parquet"
SEED_CORRELATION = f"{_EXPERIMENT}/seed-correlation.parquet"
SUSPECTS = f"{_EXPERIMENT}/suspects.csv"
LABEL_QUALITY = f"{_EXPERIMENT}/label_quality.parquet"
HELD_OUT = f"{_EXPERIMENT}/held-out.parquet"
MEMORIZATION_OF_SEEDS = f"{_EXPERIMENT}/memorization.parquet"
TRUTH_CORRELATION = f"{_EXPERIMENT}/truth-correlation.parquet"
RELATIONS = f"{_EXPERIMENT}/relations.parquet"
AVERAGE_PRECISION = f"{_EXPERIMENT}/average_precision.parquet"
VOG_ERRORS = f"{_EXPERIMENT}/vog-errors.parquet"
VOG_CORRELATION = f"{_EXPERIMENT}/vog-correlation.parquet"
VOG_LABEL_NOISE = f"{_EXPERIMENT}/vog-label-noise.parquet"
OUT_OF_DISTRIBUTION = f"{_EXPERIMENT}/out-of-distribution/{{dataset}}.parquet"
OUT_OF_DISTRIBUTION_CURVES = f"{_EXPERIMENT}/out-of-distribution/curves/{{dataset}}.parquet"
PROBE_ACCURACY = f"{_EXPERIMENT}/probe-accuracy.parquet"
DEPTH_LEVELS = f"{_EXPERIMENT}/depth-levels.parquet"
QUERIES = f"{_EXPERIMENT}/queries/{{queries}}.parquet"
INFLUENTIAL = f"{_EXPERIMENT}/influential/{{queries}}/{{variant}}.parquet"
INFLUENTIAL_OVERALL = f"{_EXPERIMENT}/influential/{{queries}}/{{variant}}-overall.parquet"
INFLUENCE_AGREEMENT = f"{_EXPERIMENT}/influence-agreement.parquet"
INFLUENCE_SAMPLE = f"{_EXPERIMENT}/influence-sample.parquet"

_RUN = f"{_EXPERIMENT}/{{run}}"
RECORDS = f"{_RUN}/records.parquet"
ONLINE_RECORDS = f"{_RUN}/online_records.parquet"
HISTORY = f"{_RUN}/history.parquet"
STEPS = f"{_RUN}/steps.parquet"
TIMING = f"{_RUN}/timing.parquet"
CHECKPOINTS = f"{_RUN}/checkpoints"
EVALUATION = f"{_RUN}/evaluation.parquet"
RUN_AVERAGE_PRECISION = f"{_RUN}/average_precision.parquet"
GRADIENTS = f"{_RUN}/gradients/epoch-{{epoch}}{{shard}}.parquet"
RUN_VOG = f"{_RUN}/vog{{shard}}.parquet"
TESTED_VOG = f"{_RUN}/tested/{{dataset}}.parquet"
NEIGHBORS = f"{_RUN}/neighbors/epoch-{{epoch}}{{shard}}.parquet"
VOTES = f"{_RUN}/votes/epoch-{{epoch}}.parquet"
COHERENCE = f"{_RUN}/coherence.parquet"
FACTORS = f"{_RUN}/factors/{{variant}}-epoch-{{epoch}}"
FACTORS_TIMING = f"{FACTORS}-timing.parquet"
SUMS = f"{_RUN}/factors/sums/{{variant}}-epoch-{{epoch}}-shard-{{shard}}"
SUMS_TIMING = f"{SUMS}-timing.parquet"
SELF_INFLUENCE = f"{_RUN}/influence/{{variant}}-epoch-{{epoch}}.parquet"
SELF_INFLUENCE_TIMING = f"{_RUN}/influence/{{variant}}-epoch-{{epoch}}-timing.parquet"
PAIRWISE = f"{_RUN}/pairwise/{{queries}}/{{variant}}-epoch-{{epoch}}.parquet"
PAIRWISE_EXAMPLES = f"{_RUN}/pairwise/{{queries}}/{{variant}}-epoch-{{epoch}}-examples.parquet"
PAIRWISE_TIMING = f"{_RUN}/pairwise/{{queries}}/{{variant}}-epoch-{{epoch}}-timing.parquet"

EVALUATIONS = "results/evaluations.parquet"
AGREEMENT = "results/agreement/{group}.parquet"
AGREEMENT_CLASSES = "results/agreement/classes/{group}.parquet"
ORDER = "results/agreement/{group}-order.parquet"
RELIABILITY = "results/agreement/{group}-reliability.parquet"
AGREED_STATISTICS = "results/agreement/{group}-statistics.parquet"
DETECTIONS = "results/detection.parquet"
DETECTION = "results/detection/{detection}.parquet"
DETECTION_CURVES = "results/detection/curves/{detection}.parquet"
DETECTION_DIFFERENCES = "results/detection/differences/{detection}.parquet"
GENERALIZATION = "results/generalization/{study}.parquet"
GENERALIZATION_SUMMARY = "results/generalization/{study}-summary.parquet"
TRAITS = "results/generalization/{study}-traits.parquet"
VOG_TOY_SCORES = "results/vog-toy/scores.parquet"
VOG_TOY_BOUNDARY = "results/vog-toy/boundary.parquet"
VOG_TOY_SUMMARY = "results/vog-toy/summary.parquet"


def family(name: str) -> str:
    """The scores of one family, of every run."""
    return f"{_EXPERIMENT}/scores/{name}.parquet"


def log(job: str) -> str:
    """The log of a job, e.g. of "experiments/{experiment}/{run}/train_model"."""
    return f"results/logs/{job}.log"


def benchmark(job: str) -> str:
    """Time and memory of a job, as Snakemake measures them."""
    return f"results/benchmarks/{job}.tsv"


def figure(place: str, format: str = "png") -> str:
    """A figure, e.g. "experiments/{experiment}/gallery"."""
    return f"results/figures/{place}.{format}"
