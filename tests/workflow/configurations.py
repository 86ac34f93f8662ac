"""Valid configurations of all kinds, few of them, in which as many pairs of features as possible are together."""

import itertools
import random
from functools import reduce

import yaml

from difficulty.config.inheritance import merged
from difficulty.config.resolve import resolve
from difficulty.errors import UserError

# What all configurations have. `other`, `half` and `rest` are there to be referred to.
BASE = yaml.safe_load("""
datasets:
  other: {source: shapes}
  half: {source: subset, of: main, select: {by: random, fraction: 0.5}}
  rest: {source: subset, of: main, select: {by: random, fraction: 0.5}, seed: 1}
defaults:
  {dataset: main, architecture: resnet9, width: 4, epochs: 4, seeds: [0], optimizer: {name: sgd, lr: 0.1}}
experiments: {a: {}}
""")

# Part -> its forms, each merged into the rest.
PARTS = {
    part: [yaml.safe_load(form) for form in forms.strip().splitlines()]
    for part, forms in {
        "source": """
{datasets: {main: {source: digits}}}
{datasets: {main: {source: image_folder, path: photos, link: symlink}}}
{datasets: {main: {source: npz, files: {train: a.npz, test: a.npz}, arrays: {train: [x, y], test: [u, v]}}}}
{datasets: {main: {source: parquet, files: {train: [a.parquet], test: a.parquet}, truth: [entropy], limit: {train: 9}}}}
{datasets: {main: {source: flat_folder, path: photos, pattern: '(?P<label>[a-z]+).*', recursive: true, test_fraction: 0.2}}}
{datasets: {main: {source: voc, path: VOCdevkit, train: VOC2007/trainval, test: VOC2007/test}}}
{datasets: {main: {source: kth_tips2b, path: textures}}}
""",
        "runs": """
{defaults: {seeds: [0, 1]}}
{defaults: {folds: 3}}
{defaults: {records: both}, analyses: {dynamics: {records: online}}}
{defaults: {checkpoints: last, architecture: mlp, width: 8}}
{defaults: {checkpoints: [0, 2, 3, 4], batch_norm: batch, label_noise: {kind: symmetric, fraction: 0.1}}}
{defaults: {architecture: 'torchvision:vit_b_16', width: null, weights: start.pt}}
""",
        "second": """
{}
{experiments: {b: {label_noise: {kind: first_block, fraction: 0.5}, folds: 2}}}
{experiments: {b: {checkpoints: {early: [a.pt, b.pt], late: [c.pt, d.pt]}, seeds: [0]}}}
{datasets: {mine: {source: records, files: [run.parquet], logits: logits}}, experiments: {b: {dataset: mine, label_noise: null, folds: null, records: clean}}}
{experiments: {b: {grid: {rate: {fast: {optimizer: {name: adam, lr: 0.1}}, slow: {epochs: 5}}, noise: {none: , some: {label_noise: {kind: file, path: noise.csv}}}}}}}
{datasets: {chosen: {source: subset, of: main, select: {by: list, path: seconds.csv, column: example_id}}}, experiments: {b: {dataset: chosen}}}
""",
        "subset": """
{}
{datasets: {sub: {source: subset, of: main, select: {by: score, score: aum, experiment: a, seeds: [0], keep: easiest, fraction: 0.5}}}, experiments: {sub: {dataset: sub}}}
{datasets: {sub: {source: subset, of: main, select: {by: learned, experiment: a, seeds: [0], keep: learned, runs: all}}}, experiments: {sub: {dataset: sub}}}
{datasets: {sub: {source: subset, of: half, select: {by: random, fraction: 0.5}}}, experiments: {sub: {dataset: sub}}}
{datasets: {sub: {source: subset, of: main, select: {by: score, score: minutes, experiment: a, seeds: [0], keep: hardest, fraction: 0.5}}}, experiments: {sub: {dataset: sub}}, analyses: {images: {joins: {minutes: {dataset: main, file: seconds.csv, by: original_index, column: i, value: s}}}}}
{datasets: {sub: {source: subset, of: main, select: {by: score, score: vog_late, experiment: a, seeds: [0], keep: hardest, fraction: 0.5}}}, experiments: {sub: {dataset: sub}}, analyses: {vog: {experiments: [a]}}}
""",
        "images": """
{}
{analyses: {images: {}}}
{analyses: {images: {statistics: [local_entropy, brightness], size: 32, joins: {seconds: {dataset: main, file: seconds.csv, by: original_index, column: i, value: s}}}}}
{analyses: {images: {statistics: [], joins: {seconds: {dataset: main, split: train, file: seconds.csv, by: name, column: i, value: s, harder: lower}}}}}
{analyses: {images: {experiments: [a]}, relations: {}}, figures: {image_maps: {}}}
{analyses: {images: {}, relations: {experiments: [a], scores: [aum, loss], drawn: [aum]}}, figures: {image_maps: {experiments: [a], score: loss}}}
""",
        "vog": """
{}
{analyses: {vog: {}}}
{analyses: {vog: {experiments: [a], stages: {early: [1, 2], late: [3, 4]}, keep_gradients: true, shards: 2}}}
{analyses: {vog: {out_of_distribution: [other], splits: [test], target: predicted, checkpoints: 3}}}
{analyses: {vog: {experiments: ['a*'], splits: [train], precision: bfloat16}, vog_toy: {}}, figures: {vog: {stage: late}}}
""",
        "depth": """
{}
{analyses: {prediction_depth: {}}}
{analyses: {prediction_depth: {experiments: [a], k: 5, k_max: 10, shards: 2, labels: clean, splits: [test]}}}
{defaults: {folds: 3, seeds: [0, 1, 2]}, analyses: {prediction_depth: {experiments: [a], labels: consensus}}}
{analyses: {prediction_depth: {experiments: [a], ties: lowest_class, splits: [train]}, coherence: {experiments: [a]}}}
""",
        "influence": """
{}
{analyses: {influence: {}}}
{analyses: {influence: {experiments: [a], strategies: [identity, kfac, ekfac], precisions: [float32, bfloat16], shards: 2}}}
{analyses: {influence: {experiments: [a], epochs: [2, 4], strategies: [diagonal], fisher: empirical, queries: {}, damping: {absolute: 1.0e-8}}}}
{analyses: {influence: {experiments: [a], strategies: [identity], splits: [test], queries: {some: {count: 3, experiments: [a]}, few: {example_ids: [1]}}, rank: 4, measurement: loss}}}
""",
        "compared": """
{}
{experiments: {c: {epochs: 5}}, analyses: {agreement: {groups: {both: [a, c]}}, comparisons: {both: [a, c]}}}
{analyses: {agreement: {scores: [aum]}, correlation: {scores: [aum, loss], bootstrap: 10}, comparisons: {'all': ['*', a]}}, experiments: {c: {}}}
{analyses: {generalization: {parts: {experiments: [rest, half]}}}, experiments: {half: {dataset: half}, rest: {dataset: rest}}}
{analyses: {generalization: {parts: {experiments: [rest, half], control: half, scores_of: a}}, coherence: {}}, experiments: {half: {dataset: half}, rest: {dataset: rest}}}
{experiments: {half: {dataset: half}}, analyses: {comparisons: {'all': ['*', a]}, coherence: {score: loss_mean}}}
""",
        "detection": """
{}
{evaluations: {a: [other]}, analyses: {detection: null, suspects: null, truth_correlation: null}}
{evaluations: {a: [half, other]}, analyses: {suspects: {score: el2n}, detection: {scores: [aum, loss]}}}
{analyses: {detection: {truths: {human: {experiment: a, column: entropy, role: test, top: 0.1}}}}}
{defaults: {folds: 3, label_noise: {kind: symmetric, fraction: 0.1}}, analyses: {detection: {truths: {planted: {experiment: a, column: is_corrupt, role: validation}}}, suspects: {score: aum_validation}}}
""",
    }.items()
}

Choice = dict[str, int]


def written(choice: Choice) -> dict:
    """The configuration that has the chosen form of each part."""
    return reduce(merged, (PARTS[part][form] for part, form in choice.items()), BASE)


def fits(choice: Choice) -> bool:
    """Whether the chosen forms make a valid configuration."""
    try:
        resolve(written(choice))
    except UserError:
        return False
    return True


def pairs(choice: Choice) -> set[tuple]:
    """Every two (part, form) that are together in a configuration."""
    return set(itertools.combinations(sorted(choice.items()), 2))


def choices(count: int, seed: int = 0, candidates: int = 8, tries: int = 2000) -> list[Choice]:
    """Choices that fit, always the same for a seed: each is the one of some random ones that adds most new pairs.

    The first ones begin with each form in turn, so that none is missing. tries: how many random choices may not fit
    before a form counts as one that fits nothing (AssertionError).
    """
    draws, chosen, seen = random.Random(seed), [], set()
    starts = [{part: form} for part, forms in PARTS.items() for form in range(len(forms))]
    while len(chosen) < count:
        start = next((each for each in starts if not any(each.items() <= choice.items() for choice in chosen)), {})
        drawn = (random_choice(draws) | start for _ in range(tries))
        fitting = list(itertools.islice(filter(fits, drawn), candidates))
        assert fitting, f"fits nothing: {start}"
        chosen.append(max(fitting, key=lambda choice: len(pairs(choice) - seen)))
        seen |= pairs(chosen[-1])
    return chosen


def random_choice(draws: random.Random) -> Choice:
    return {part: draws.randrange(len(forms)) for part, forms in PARTS.items()}
