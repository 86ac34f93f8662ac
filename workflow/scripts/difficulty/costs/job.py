"""What the formulas of costs ask about a job: how many examples, runs and epochs it reads, and its network."""

from collections.abc import Callable, Mapping
from functools import cached_property

from difficulty.config.training.snapshots import files_in_order
from difficulty.costs.networks import NetworkFacts
from difficulty.costs.sizes import Sizes
from difficulty.costs.work import MIB, Network, Work
from difficulty.training.batch_size import chosen_batch_size

_DECODER = 0.3  # memory of a process that decodes images, of that of the one that it does so for
_DECODED_BYTE, _DECODED_NUMBER = 2.5e-8, 2e-9  # seconds for a byte of an image file, and for a number of the image


class Job:
    """A job of a plan, by its wildcards.

    sizes_of: data set -> its sizes. facts_of: network -> facts of it.
    """

    def __init__(
        self,
        plan,
        sizes_of: Callable[[str], Sizes],
        facts_of: Callable[[Network], NetworkFacts],
        wildcards: Mapping[str, str],
    ):
        self.plan, self.sizes_of, self.facts_of, self.wildcards = plan, sizes_of, facts_of, wildcards

    @cached_property
    def experiment(self) -> str:
        """The experiment that the job belongs to; of a job without one, that of the detection."""
        if "detection" in self.wildcards:
            return self.plan.scores.detections[self.wildcards["detection"]]["experiment"]
        return self.wildcards["experiment"]

    @cached_property
    def dataset(self) -> str:
        return self.wildcards.get("dataset") or self.plan.data.of(self.experiment)

    @cached_property
    def data(self) -> Sizes:
        """Sizes of the job's data set."""
        return self.sizes_of(self.dataset)

    @cached_property
    def settings(self) -> Mapping:
        """Of the experiment."""
        return self.plan.experiments[self.experiment]

    @property
    def examples(self) -> int:
        return self.data.examples

    @cached_property
    def trained(self) -> int:
        """Examples that a run is trained on."""
        return self.trained_by(self.experiment)

    def trained_by(self, experiment: str) -> int:
        folds, train = (
            self.plan.experiments[experiment].get("folds"),
            self.sizes_of(self.plan.data.of(experiment)).train,
        )
        return train - train // folds if folds else train

    @cached_property
    def runs(self) -> int:
        return len(self.plan.runs(self.experiment))

    @cached_property
    def seeds(self) -> int:
        return len(self.settings["seeds"])

    def recorded_epochs(self, experiment: str) -> int:
        """Epochs in the records of a run."""
        training, settings = self.plan.training, self.plan.experiments[experiment]
        if experiment in training.imported:
            return max(self.sizes_of(self.plan.data.of(experiment)).records, 1)
        if experiment in training.probes:
            return 1
        if experiment in training.snapshots:
            return len(files_in_order(settings["checkpoints"]))
        return settings["epochs"]

    @cached_property
    def epochs(self) -> int:
        return self.recorded_epochs(self.experiment)

    @property
    def rows_of_run(self) -> int:
        """Rows of the records of one run."""
        return self.examples * self.epochs

    @property
    def rows(self) -> int:
        """Rows of a table of all runs: one for each example and run."""
        return self.examples * self.runs

    @cached_property
    def network(self) -> Network:
        """The network of the experiment."""
        return network_of(self.settings, self.sizes_of(self.plan.data.of(self.experiment)), self.trained)

    @cached_property
    def facts(self) -> NetworkFacts:
        """Of the network of the experiment."""
        return self.facts_of(self.network)

    def tables(self, seconds: float, memory: float = 0, kept: float = 0) -> Work:
        """Work on tables. memory, kept: bytes."""
        return Work(seconds=seconds, memory=memory / MIB, kept=kept)

    def passes(self, start: str = "network", batch: int = 0, data: Sizes | None = None, **amounts: float) -> Work:
        """Passes of images through the experiment's network.

        batch: images whose activations are in memory, unless it is that of evaluation. data: whose images pass, if they
        are others than the job's own. amounts: see `Work`.
        """
        data = data or self.data
        work = Work(
            start,
            self.network,
            images_at_once=batch or pass_size(data),
            memory=(data.decoded + data.in_parts) / MIB,
            **amounts,
        )
        if not data.in_files:
            return work
        images = work.forward + work.gradient + work.step
        decoders = self.plan.training.workers(self.experiment)
        return work.plus(seconds=images * decoding(data), processes=_DECODER * decoders)


def network_of(settings: Mapping, sizes: Sizes, trained: int) -> Network:
    """The network of some settings on images of some sizes."""
    shape = (sizes.height, sizes.width, sizes.channels)
    batch = chosen_batch_size(settings, trained) if "optimizer" in settings else 128
    own = {name: settings.get(name) for name in ("width", "depth", "stem")}
    return Network(settings["architecture"], shape, sizes.classes, batch, **own)


def pass_size(sizes: Sizes) -> int:
    """Images of a pass in evaluation, as in `datasets.loading`."""
    return max(1, min(128, (1 << 19) // max(1, sizes.height * sizes.width)))


def decoding(sizes: Sizes) -> float:
    """Seconds that it takes to decode an image from its file."""
    return _DECODED_BYTE * sizes.file_bytes + _DECODED_NUMBER * sizes.numbers
