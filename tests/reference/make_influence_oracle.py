"""Makes influence_oracle.safetensors: scores by kronfluence 1.0.1 and captum, for tests/unit/test_influence_oracle.py.

Needs both, and what they need (accelerate, einconv, einops, opt_einsum, tqdm), beside the packages of this project:

    pip install --target peers --no-deps kronfluence==1.0.1 captum accelerate einconv einops opt_einsum tqdm
    PYTHONPATH=peers python tests/reference/make_influence_oracle.py

The network is a ResNet-9 of width 4 after a little training on scikit-learn's digits, each pixel repeated to 16 x 16,
so that all its convolutions are those of the full size. All is computed in float64: where a ReLU or a maximum is
nearly a tie, another rounding of float32 gives another gradient. Factors are those of the empirical Fisher matrix of
the training images. The file holds the network's weights and, for each strategy and damping, self-influence (N,) and
pairwise influence (Q, N) of the negative margin; captum's TracInCP gives the identity, with the loss of the queries.
"""

import logging
import sys
import tempfile
from pathlib import Path

import captum
import kronfluence
import torch
import torch.nn.functional as F
from captum.influence import TracInCP
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import TensorDataset

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from tests.support.influence_networks import ORACLE, QUERIES, TRAIN, oracle_images, oracle_network

_FITTED = ("activation_covariance", "gradient_covariance", "eigendecomposition", "per_sample_gradient", "lambda")
_SCORED = ("per_sample_gradient", "precondition", "score")
IN_FITTING, IN_SCORING = ({f"{name}_dtype": torch.float64 for name in names} for names in (_FITTED, _SCORED))
DAMPINGS = {"relative": None, "absolute": 1e-8}  # kronfluence: None is 0.1 times the mean


class Classification(Task):
    """Cross-entropy; the measurement is minus the margin."""

    def compute_train_loss(self, batch, model, sample=False):
        return F.cross_entropy(model(batch[0]), batch[1], reduction="sum")

    def compute_measurement(self, batch, model):
        logits, labels = model(batch[0]), batch[1][:, None]
        return (logits.scatter(1, labels, -torch.inf).logsumexp(1) - logits.gather(1, labels)[:, 0]).sum()


def trained(images: torch.Tensor, labels: torch.Tensor, steps: int = 40) -> nn.Module:
    model = oracle_network()
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    draws = torch.Generator().manual_seed(0)
    for _ in range(steps):
        rows = torch.randperm(len(images), generator=draws)[:64]
        optimizer.zero_grad()
        F.cross_entropy(model(images[rows]), labels[rows]).backward()
        optimizer.step()
    return model.eval()


def by_kronfluence(state, strategy: str, train: TensorDataset, queries: TensorDataset) -> dict[str, torch.Tensor]:
    model = oracle_network().double()
    model.load_state_dict(state)
    task, scores = Classification(), {}
    with tempfile.TemporaryDirectory() as folder:
        analyzer = Analyzer("oracle", prepare_model(model, task), task, cpu=True, disable_tqdm=True, output_dir=folder)
        logging.disable(logging.WARNING)
        arguments = FactorArguments(strategy=strategy, use_empirical_fisher=True, **IN_FITTING)
        analyzer.fit_all_factors("f", train, per_device_batch_size=40, factor_args=arguments)
        for damping, factor in DAMPINGS.items():
            options = {"factors_name": "f", "score_args": ScoreArguments(damping_factor=factor, **IN_SCORING)}
            analyzer.compute_self_scores(
                f"self-{damping}", train_dataset=train, per_device_train_batch_size=40, **options
            )
            analyzer.compute_pairwise_scores(
                f"pairwise-{damping}",
                query_dataset=queries,
                train_dataset=train,
                per_device_query_batch_size=QUERIES,
                per_device_train_batch_size=40,
                **options,
            )
            scores[f"{strategy}/{damping}/self"] = analyzer.load_self_scores(f"self-{damping}")["all_modules"]
            scores[f"{strategy}/{damping}/pairwise"] = analyzer.load_pairwise_scores(f"pairwise-{damping}")[
                "all_modules"
            ]
    return scores


def by_captum(state, train: TensorDataset, queries: TensorDataset) -> dict[str, torch.Tensor]:
    model = oracle_network().double()
    model.load_state_dict(state)

    def load(model, checkpoint) -> float:
        model.load_state_dict(checkpoint)
        return 1.0

    layers = [name for name, module in model.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    loss = nn.CrossEntropyLoss(reduction="none")
    tracin = TracInCP(model, train, [state], load, layers, loss, batch_size=40)
    return {
        "captum/self": tracin.self_influence(),
        "captum/pairwise": tracin.influence(tuple(queries.tensors)),
    }


def main() -> None:
    torch.set_num_threads(1)
    images, labels = oracle_images()
    state = {name: value.clone() for name, value in trained(images, labels).state_dict().items()}
    images = images.double()
    train = TensorDataset(images[:TRAIN], labels[:TRAIN])
    queries = TensorDataset(images[TRAIN : TRAIN + QUERIES], labels[TRAIN : TRAIN + QUERIES])
    tensors = {f"weights/{name}": value for name, value in state.items()} | by_captum(state, train, queries)
    for strategy in ("identity", "diagonal", "kfac", "ekfac"):
        scores = by_kronfluence(state, strategy, train, queries)
        tensors |= {name: value for name, value in scores.items() if strategy != "identity" or "relative" in name}
    tensors |= {name: value.float() for name, value in tensors.items() if value.is_floating_point()}
    tensors = {name: value.detach().contiguous() for name, value in sorted(tensors.items())}
    versions = {"kronfluence": kronfluence.__version__, "captum": captum.__version__, "torch": torch.__version__}
    save_file(tensors, ORACLE, {"versions": str(versions)})
    print(f"{ORACLE}: {ORACLE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
