"""Wrong configurations: each gives exactly these lines. A section that a case does not mention is valid."""

import pytest
import yaml

from difficulty.config.problems import ConfigurationError
from difficulty.config.resolve import resolve
from difficulty.errors import UserError

VALID = yaml.safe_load("""
datasets:
  digits: {source: digits}
  photos: {source: image_folder, path: photos}
  cifar: {source: parquet, files: {train: a.parquet, test: b.parquet}, truth: [entropy]}
defaults: {dataset: digits, architecture: resnet9, epochs: 15, optimizer: {name: sgd, lr: 0.2, momentum: 0.9}}
experiments:
  clean: {}
  noisy: {label_noise: {kind: symmetric, fraction: 0.1}}
  photos: {dataset: photos}
  cifar: {dataset: cifar, folds: 5}
""")
A_NAME = "expected a name of letters, digits, - and _ that starts with a letter or digit"
KINDS = "symmetric, symmetric_any, asymmetric, file or first_block"
NETWORKS = "mlp, resnet9, resnet18 or torchvision:<name>"

DATASETS = [
    ("datasets: {}", "datasets: expected at least one data set"),
    ("datasets: [digits]", "datasets: expected a mapping, got a list"),
    (
        "datasets: {digits: {source: digit}, photos: {source: digits}, cifar: {source: digits}}",
        "datasets.digits.source: expected digits, image_folder or parquet, got 'digit', did you mean 'digits'?",
    ),
    (
        "datasets: {digits: {src: digits}, photos: {}, cifar: }",
        "datasets.digits.source: missing (expected digits, image_folder or parquet)",
        "datasets.photos.source: missing (expected digits, image_folder or parquet)",
        "datasets.cifar: expected a mapping with the key 'source', got null",
    ),
    (
        "datasets: {digits: {sorce: digits}, photos: digits, cifar: {source: parquet, files: {train: []}}}",
        "datasets.digits.sorce: unknown key, did you mean 'source'?",
        "datasets.photos: expected a mapping with the key 'source', got 'digits'",
        "datasets.cifar.files.train: expected at least 1 entry, got 0",
    ),
    (
        "datasets: {digits: {source: image_folder, path: 3, link: soft, colour: rgb}, photos: {source: image_folder},"
        " cifar: {source: digits, size: 0, color: gray}}",
        "datasets.digits.path: expected text, got 3; write it in quotes",
        "datasets.digits.link: expected hard, symlink or copy, got 'soft'",
        "datasets.digits.colour: unknown key, did you mean 'color'?",
        "datasets.photos.path: missing (folder that holds train/ and test/ or val/, relative to the working directory)",
        "datasets.cifar.size: expected a whole number 1..8192, got 0",
        "datasets.cifar.color: expected rgb or grey, got 'gray', did you mean 'grey'?",
    ),
    (
        "datasets: {digits: {source: digits, limit: {train: 0, tets: 3}}, photos: {source: digits, limit: 10},"
        " cifar: {source: parquet, files: a.parquet, truth: [label, h, h]}}",
        "datasets.digits.limit.train: expected a whole number 1..1000000000, got 0",
        "datasets.digits.limit.tets: unknown key, did you mean 'test'?",
        "datasets.photos.limit: expected a mapping, got 10",
        "datasets.cifar.files: expected a mapping, got 'a.parquet'",
        "datasets.cifar.truth[0]: 'label' is a column of every data set",
    ),
    (
        "datasets: {digits: {source: parquet, files: {train: [a, a]}, truth: [h, h], on_bad_image: warn},"
        " photos: {source: digits}, cifar: {source: digits}}",
        "datasets.digits.files.train[1]: 'a' occurs twice",
        "datasets.digits.truth[1]: 'h' occurs twice",
        "datasets.digits.on_bad_image: expected error or skip, got 'warn'",
    ),
]

DEFAULTS = [
    ("defaults: 7", "defaults: expected a mapping, got 7"),
    (
        "defaults: {dataset: digit, architecture: resnet9, epochs: 0, optimizer: {name: sgd, lr: 5e-4}}",
        "defaults.epochs: expected a whole number 1..100000, got 0",
        "defaults.dataset: no data set 'digit', did you mean 'digits'?",
    ),
    (
        "defaults: {dataset: digits, architecture: resnet9, optimizer: {name: sgd}}",
        "defaults.epochs: missing (passes over the training examples); give it here or in every experiment",
        "defaults.optimizer.lr: missing (peak learning rate, times the schedule's factor); "
        "give it here or in every experiment",
    ),
    (
        "{defaults: , experiments: {a: {dataset: digits, architecture: mlp, epochs: 1}}}",
        "experiments.a.optimizer: missing (how gradients become steps, e.g. {name: sgd, lr: 0.1})",
    ),
    (
        "{defaults: {dataset: digits, architecture: mlp, optimizer: {name: sgd, lr: 1}},"
        " experiments: {a: {epochs: 1}, b: {}}}",
        "experiments.b.epochs: missing (passes over the training examples)",
    ),
    (
        "{defaults: {dataset: digits, architecture: mlp, epochs: 2, optimizer: {name: sgd, lr: -1}},"
        " experiments: {a: {}, b: {optimizer: {lr: 1}}, c: {optimizer: {lr: -1}}, d: {optimizer: {momentum: 0.5}}}}",
        "defaults.optimizer.lr: expected a number above 0 and at most 1000, got -1",
        "experiments.c.optimizer.lr: expected a number above 0 and at most 1000, got -1",
    ),
    (
        "{defaults: {dataset: digits, architecture: mlp, epochs: 9, checkpoints: [9],"
        " optimizer: {name: sgd, lr: 1, momentum: 0.9, nesterov: true}},"
        " experiments: {short: {epochs: 8}, plain: {optimizer: {momentum: 0}}, adam: {optimizer: {name: adam}}}}",
        "experiments.short.checkpoints[0]: expected 0..8 (epochs), got 9 (from defaults)",
        "experiments.plain.optimizer.nesterov: needs a momentum above 0 (from defaults)",
        "experiments.adam.optimizer.lr: missing (peak learning rate, times the schedule's factor)",
    ),
]

# Of one experiment: what stands in the braces of `experiments: {x: {...}}`, and the lines less `experiments.x.`
EXPERIMENT = [
    ("label_noise: {kind: symmetric, fraction: 10}", "label_noise.fraction: expected 0..1, got 10"),
    ("epoch: 10", "epoch: unknown key, did you mean 'epochs'?"),
    ("dataset: digit", "dataset: no data set 'digit', did you mean 'digits'?"),
    ("dataset: voc", "dataset: no data set 'voc', expected digits, photos or cifar"),
    ("dataset: [digits]", "dataset: expected text, got a list"),
    ("epochs: true", "epochs: expected a whole number 1..100000, got true"),
    ("epochs: '15'", "epochs: expected a whole number 1..100000, got '15'"),
    ("epochs: 1.5", "epochs: expected a whole number 1..100000, got 1.5"),
    ("epochs: 100001", "epochs: expected a whole number 1..100000, got 100001"),
    ("epochs: null", "epochs: missing (passes over the training examples)"),
    ("batch_size: .nan", "batch_size: expected a whole number 1..1000000, got nan"),
    ("drop_last: 1", "drop_last: expected true or false, got 1"),
    ("seeds: 3", "seeds: expected a list, got 3"),
    ("seeds: []", "seeds: expected at least 1 entry, got 0"),
    ("seeds: [0, 1, 0]", "seeds[2]: 0 occurs twice"),
    (
        "seeds: [0, -1, a]",
        "seeds[1]: expected a whole number 0..2147483647, got -1",
        "seeds[2]: expected a whole number 0..2147483647, got 'a'",
    ),
    ("folds: 1", "folds: expected a whole number 2..1000, got 1"),
    ("train_sample: 0", "train_sample: expected a whole number 1..1000000000, got 0"),
    ("records: onlin", "records: expected clean, online or both, got 'onlin', did you mean 'online'?"),
    (
        "{records: online, drop_last: true}",
        "records: 'online' records need drop_last: false, else an epoch leaves examples out",
    ),
    (
        "{records: both, drop_last: true, folds: 0}",
        "folds: expected a whole number 2..1000, got 0",
        "records: 'both' records need drop_last: false, else an epoch leaves examples out",
    ),
    ("device: gpu", "device: expected auto, cpu or cuda, got 'gpu'"),
    ("precision: float16", "precision: expected auto, float32 or bfloat16, got 'float16', did you mean 'bfloat16'?"),
    ("checkpoints: first", "checkpoints: expected all, last or a list of epochs, got 'first'"),
    ("checkpoints: []", "checkpoints: expected at least 1 entry, got 0"),
    ("checkpoints: [0, 15, 16]", "checkpoints[2]: expected 0..15 (epochs), got 16"),
    ("checkpoints: [-1]", "checkpoints[0]: expected a whole number 0..100000, got -1"),
    ("checkpoints: [3, 3]", "checkpoints[1]: 3 occurs twice"),
    ("architecture: resnet8", f"architecture: expected {NETWORKS}, got 'resnet8', did you mean 'resnet18'?"),
    ("architecture: 'torchvision:'", f"architecture: expected {NETWORKS}, got 'torchvision:'"),
    ("architecture: torchvision:a-b", f"architecture: expected {NETWORKS}, got 'torchvision:a-b'"),
    ("depth: 3", "depth: resnet9 has no depth; leave it out or set it to null"),
    ("stem: cifar", "stem: resnet9 has no stem; leave it out or set it to null"),
    ("{architecture: mlp, stem: cifar}", "stem: mlp has no stem; leave it out or set it to null"),
    ("{architecture: resnet18, depth: 2}", "depth: resnet18 has no depth; leave it out or set it to null"),
    (
        "{architecture: resnet18, stem: imagnet}",
        "stem: expected cifar or imagenet, got 'imagnet', did you mean 'imagenet'?",
    ),
    (
        "{architecture: 'torchvision:vgg11', width: 8, depth: 2}",
        "width: torchvision:vgg11 has no width; leave it out or set it to null",
        "depth: torchvision:vgg11 has no depth; leave it out or set it to null",
    ),
    (
        "weights: IMAGENET1K_V1",
        "weights: 'IMAGENET1K_V1' is no file such as weights.safetensors; names are for torchvision:<name> only",
    ),
    ("freeze: all", "freeze: expected backbone, got 'all'"),
    ("optimizer: {name: sdg}", "optimizer.name: expected sgd, adam or adamw, got 'sdg', did you mean 'sgd'?"),
    ("optimizer: sgd", "optimizer: expected a mapping with the key 'name', got 'sgd'"),
    ("optimizer: {lr: 0}", "optimizer.lr: expected a number above 0 and at most 1000, got 0"),
    ("optimizer: {lr: fast}", "optimizer.lr: expected a number above 0 and at most 1000, got 'fast'"),
    ("optimizer: {momentum: 1}", "optimizer.momentum: expected a number at least 0 and below 1, got 1"),
    ("optimizer: {weight_decay: .inf}", "optimizer.weight_decay: expected 0..10, got inf"),
    ("optimizer: {momentum: 0, nesterov: true}", "optimizer.nesterov: needs a momentum above 0"),
    (
        "optimizer: {betas: [0.9, 0.99]}",
        "optimizer.betas: unknown key, expected name, lr, momentum, weight_decay or nesterov",
    ),
    (
        "optimizer: {name: adam, lr: 1.0e-3, betas: [0.9], eps: 0}",
        "optimizer.betas: expected at least 2 entries, got 1",
        "optimizer.eps: expected a number above 0 and at most 1, got 0",
    ),
    (
        "schedule: {name: cosin}",
        "schedule.name: expected constant, step, cosine, one_cycle or piecewise_linear, got 'cosin', "
        "did you mean 'cosine'?",
    ),
    (
        "schedule: {name: step, step_size: 0}",
        "schedule.step_size: expected a whole number 1..100000, got 0",
        "schedule.gamma: missing (factor at each step)",
    ),
    (
        "schedule: {name: cosine, warmup: 15}",
        "schedule.warmup: expected fewer than the 15 epochs of training, got 15",
    ),
    ("schedule: {name: one_cycle, warmup: 5}", "schedule.warmup: expected 0..1, got 5"),
    (
        "schedule: {name: piecewise_linear, points: [[0, 0], [5, 1], [5, 0], [4, 0]]}",
        "schedule.points[2][0]: expected an epoch after 5, got 5",
        "schedule.points[3][0]: expected an epoch after 5, got 4",
    ),
    (
        "schedule: {name: piecewise_linear, points: [[0, -1], [5]]}",
        "schedule.points[0][1]: expected 0..100000, got -1",
        "schedule.points[1]: expected at least 2 entries, got 1",
    ),
    (
        "augmentation: {crop: 4, resized_crop: {}}",
        "augmentation.resized_crop: crop and resized_crop exclude each other; set one of them to null",
    ),
    (
        "augmentation: {crop: 0, flop: true, resized_crop: {scale: [1, 0.5]}}",
        "augmentation.crop: expected a whole number 1..512, got 0",
        "augmentation.resized_crop.scale: expected the smaller number first, got [1.0, 0.5]",
        "augmentation.flop: unknown key, did you mean 'flip'?",
    ),
    ("label_noise: {fraction: 0.1}", f"label_noise.kind: missing (expected {KINDS})"),
    ("label_noise: {knd: symmetric, fraction: 0.1}", "label_noise.knd: unknown key, did you mean 'kind'?"),
    ("label_noise: {kind: [a]}", f"label_noise.kind: expected {KINDS}, got a list"),
    (
        "label_noise: {kind: asymmetric, fracton: 0.1, map: {cat: cat, 3: 3, 4: 5}}",
        "label_noise.map.cat: class 'cat' is mapped to itself",
        "label_noise.map.3: class '3' is mapped to itself",
        "label_noise.fracton: unknown key, did you mean 'fraction'?",
    ),
    (
        "label_noise: {kind: asymmetric, fraction: 0.1, map: {}}",
        "label_noise.map: expected at least one class, e.g. {cat: dog}",
    ),
    ("label_noise: {kind: file, path: ' '}", "label_noise.path: expected text, got ' '"),
]

EXPERIMENTS = [
    ("experiments: {}", "experiments: expected at least one experiment"),
    ("experiments:", "experiments: expected at least one experiment"),
    ("experiments: [clean]", "experiments: expected a mapping, got a list"),
    ("experiments: {clean: digits}", "experiments.clean: expected a mapping, got 'digits'"),
    (
        "experiments: {seed-0: {}, seed-1-fold-2: {}, my exp: {}, _x: {}, 7: {}}",
        "experiments.seed-0: 'seed-0' is what a run is called; choose another name",
        "experiments.seed-1-fold-2: 'seed-1-fold-2' is what a run is called; choose another name",
        f"experiments.'my exp': {A_NAME}, got 'my exp'",
        f"experiments._x: {A_NAME}, got '_x'",
        f"experiments[7]: {A_NAME}, got 7; write it in quotes",
    ),
]

REFERENCES = [
    ("experimnts: {}", "experimnts: unknown key, did you mean 'experiments'?"),
    (
        "evaluations: {nosy: [digits], noisy: [digit], clean: digits, cifar: []}",
        "evaluations.clean: expected a list, got 'digits'",
        "evaluations.cifar: expected at least 1 entry, got 0",
        "evaluations.nosy: no experiment 'nosy', did you mean 'noisy'?",
        "evaluations.noisy[0]: no data set 'digit', did you mean 'digits'?",
    ),
    (
        "analyses: {agreement: {groups: {clean: [clean, noisy], a: [clean, nosy], b: [clean], c: [clean, photos]}}}",
        "analyses.agreement.groups.b: expected at least 2 entries, got 1",
        "analyses.agreement.groups.clean: is the name of an experiment, which has a group of its own; choose another",
        "analyses.agreement.groups.a[1]: no experiment 'nosy', did you mean 'noisy'?",
        "analyses.agreement.groups.c: expected experiments on the same data set, got 'clean' on 'digits' and "
        "'photos' on 'photos'",
    ),
    (
        "analyses: {dynamics: {records: online, el2n_epoch: 16}}",
        "analyses.dynamics.el2n_epoch: expected 1..15 (epochs of 'clean'), got 16",
        "analyses.dynamics.records: experiment 'clean' keeps clean records only; set its records: both",
    ),
    (
        "analyses: {correlation: {scores: [amu, aum_test], bootstrap: 1}, suspects: {score: luck}}",
        "analyses.correlation.bootstrap: expected a whole number 10..100000, got 1",
        "analyses.correlation.scores[0]: no score 'amu', did you mean 'aum'?",
        "analyses.suspects.score: no score 'luck', expected first_learned, learning_epoch, iteration_learned, "
        "forgetting_events, confidence, variability, correctness, aleatoric, aum, el2n, loss, loss_mean, entropy or "
        "grand_last",
    ),
    (
        "analyses: {detection: {scores: [los], truths: {"
        "noisy: {experiment: noisy, column: is_corrupt}, a: {experiment: clean, column: is_corrupt}}}}",
        "analyses.detection.truths.noisy: is the name of an experiment, kept for its planted noise; choose another",
        "analyses.detection.truths.a.column: experiment 'clean' has no label_noise, so no label is corrupt",
        "analyses.detection.scores[0]: no score 'los', did you mean 'loss'?",
    ),
    (
        "analyses: {detection: {truths: {a: {experiment: nois, column: x}, b: {experiment: cifar, column: entrpy},"
        " c: {experiment: noisy, column: is_corrupt, role: test}, d: {experiment: clean, column: h, role: validation},"
        " e: {experiment: cifar, column: entropy, role: validation, above: 0.5, top: 0.1}, f: {column: h, top: 1}}}}",
        "analyses.detection.truths.e.top: above and top exclude each other; leave one of them out",
        "analyses.detection.truths.f.experiment: missing (experiment whose scores are tested)",
        "analyses.detection.truths.f.top: expected a number above 0 and below 1, got 1",
        "analyses.detection.truths.a.experiment: no experiment 'nois', did you mean 'noisy'?",
        "analyses.detection.truths.b.column: data set 'cifar' has no truth column 'entrpy', did you mean 'entropy'?",
        "analyses.detection.truths.c.role: test labels are never corrupted; choose train or validation",
        "analyses.detection.truths.d.role: experiment 'clean' holds no examples out; set its folds",
        "analyses.detection.truths.d.column: data set 'digits' has no truth column 'h', expected one that is configured",
    ),
    (
        "{analyses: {dinamics: {}, suspects: aum}, figures: {formats: [png, svg], dpi: 5, panel: {split: val}}}",
        "analyses.suspects: expected a mapping, got 'aum'",
        "analyses.dinamics: unknown key, did you mean 'dynamics'?",
        "figures.formats[1]: expected png or pdf, got 'svg'",
        "figures.dpi: expected a whole number 30..1200, got 5",
        "figures.panel.split: expected train or test, got 'val'",
    ),
    (
        "figures: {formats: [], gallery: {score: aum2, classes: 0}, samples: {exampels_per_class: 3}}",
        "figures.formats: expected at least 1 entry, got 0",
        "figures.gallery.classes: expected a whole number 1..1000, got 0",
        "figures.samples.exampels_per_class: unknown key, did you mean 'examples_per_class'?",
        "figures.gallery.score: no score 'aum2', did you mean 'aum'?",
    ),
    (
        "{figures: 3, analyses: [], evaluations: x}",
        "evaluations: expected a mapping, got 'x'",
        "analyses: expected a mapping, got a list",
        "figures: expected a mapping, got 3",
    ),
]


def lines_of(config) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        resolve(config)
    assert str(caught.value).splitlines() == caught.value.lines
    return caught.value.lines


@pytest.mark.parametrize(
    "text, lines", [(text, lines) for text, *lines in DATASETS + DEFAULTS + EXPERIMENTS + REFERENCES]
)
def test_wrong_sections(text, lines):
    """Sections that refer to experiments which a case replaces are not configured."""
    assert lines_of({**VALID, **yaml.safe_load(text)}) == [f"config.yaml: {line}" for line in lines]


@pytest.mark.parametrize("text, lines", [(text, lines) for text, *lines in EXPERIMENT])
def test_wrong_experiments(text, lines):
    config = {**VALID, "experiments": {"x": yaml.safe_load(text)}}
    assert lines_of(config) == [f"config.yaml: experiments.x.{line}" for line in lines]


def test_there_are_fifty_wrong_configurations():
    assert len(DATASETS + DEFAULTS + EXPERIMENT + EXPERIMENTS + REFERENCES) >= 50


def test_what_they_are_measured_against_is_valid():
    resolve(VALID)


@pytest.mark.parametrize("config", [None, [], "digits", 3])
def test_not_a_mapping(config):
    (line,) = lines_of(config)
    assert line.startswith("config.yaml: expected a mapping, got ")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_sections():
    config = yaml.safe_load("""
    figures: {dpi: 0}
    experiments: {a: {epoch: 3, dataset: digit}, b: {seeds: [1, 1]}}
    defaults: {architecture: resnet99, epochs: 1, optimizer: {name: sgd, lr: 1}}
    datasets: {digits: {source: digits, sise: 3}}
    """)
    assert lines_of(config) == [
        "config.yaml: datasets.digits.sise: unknown key, did you mean 'size'?",
        f"config.yaml: defaults.architecture: expected {NETWORKS}, got 'resnet99', did you mean 'resnet9'?",
        "config.yaml: experiments.a.epoch: unknown key, did you mean 'epochs'?",
        "config.yaml: experiments.a.dataset: no data set 'digit', did you mean 'digits'?",
        "config.yaml: experiments.b.dataset: missing (name of the data set to train on)",
        "config.yaml: experiments.b.seeds[1]: 1 occurs twice",
        "config.yaml: figures.dpi: expected a whole number 30..1200, got 0",
    ]


def test_the_file_is_named_and_users_need_no_traceback():
    with pytest.raises(UserError, match=r"^recipes/mine\.yaml: experimnts: unknown key"):
        resolve({**VALID, "experimnts": {}}, "recipes/mine.yaml")
