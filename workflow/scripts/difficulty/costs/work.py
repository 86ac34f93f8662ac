"""What a job does, in amounts that do not depend on the machine, and what it costs on one."""

from dataclasses import dataclass, replace

MIB = 1 << 20


@dataclass(frozen=True)
class Network:
    """What passes through a network depend on, all of it known from the configuration and the sizes of the data.

    shape: height, width, channels of the images. batch: examples of a gradient step.
    """

    architecture: str
    shape: tuple[int, int, int]
    classes: int
    batch: int
    width: int | None = None
    depth: int | None = None
    stem: str | None = None

    @property
    def key(self) -> str:
        """Names the network in a calibration."""
        own = [f"{name} {value}" for name in ("width", "depth", "stem") if (value := getattr(self, name)) is not None]
        image = "x".join(map(str, self.shape))
        return ", ".join([self.architecture, *own, image, f"{self.classes} classes", f"batches of {self.batch}"])


@dataclass(frozen=True)
class Work:
    """Amounts of work of one job.

    start: what it imports, see `Speeds.starts`. network: what images pass through, and how many of them: forward, with
    gradients of the images (`gradient`), in steps of training (`step`). products: multiplications and additions in
    products of matrices. seconds: of everything else, CPU seconds on the machine on which the formulas were fitted.
    memory: MiB beyond what the start takes, of the largest process; processes: how many of such a size there are at
    once. images_at_once: whose activations are in memory. kept, temporary: bytes on disk that stay, and that are there
    at most while the job runs or until others have read them.
    """

    start: str = "tables"
    network: Network | None = None
    forward: float = 0
    gradient: float = 0
    step: float = 0
    products: float = 0
    seconds: float = 0
    memory: float = 0
    processes: float = 1
    images_at_once: float = 0
    kept: float = 0
    temporary: float = 0

    def plus(self, **amounts: float) -> "Work":
        """The same with more of some amounts."""
        return replace(self, **{name: getattr(self, name) + amount for name, amount in amounts.items()})


@dataclass(frozen=True)
class Cost:
    """What a job costs: CPU seconds, seconds on a device (0 without one), MiB at most, bytes kept and temporary.

    memory is that of one of its processes, as logs tell it; processes: how many of such a size there are at once.
    is_of_network: images pass through a network, on a GPU if there is one. is_guessed: nothing was measured of it.
    """

    cpu: float
    device: float
    memory: float
    kept: float
    temporary: float
    is_of_network: bool = False
    is_guessed: bool = False
    processes: float = 1
