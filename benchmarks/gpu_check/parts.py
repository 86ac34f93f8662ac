"""The parts of the check, in their order: what they are called, which function they are, how long they may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """function: of the module in this package; it takes a `Check`. seconds: after which the part is stopped."""

    name: str
    module: str
    function: str
    seconds: int = 40


PARTS = [
    Part("float32 is float32", "precision", "float32"),
    Part("bfloat16 autocast", "precision", "bfloat16"),
    Part("networks", "passes", "architectures"),
    Part("clean pass outcomes", "passes", "outcomes"),
    Part("settled batch norm", "passes", "settled_statistics"),
    Part("evaluation", "passes", "evaluation"),
    Part("label quality", "passes", "label_quality"),
    Part("augmentation sensitivity", "passes", "augmentation_sensitivity"),
    Part("features", "passes", "features"),
    Part("training with records", "training", "records"),
    Part("training on label sets", "training", "label_sets"),
    Part("optimizers", "training", "optimizers"),
    Part("resumed training", "training", "resumed"),
    Part("second split", "training", "second_split"),
    Part("images in files", "training", "images_in_files"),
    Part("input gradients", "gradients", "maps"),
    Part("variance of gradients", "gradients", "variance"),
    Part("gradient coherence", "gradients", "coherent"),
    Part("nearest neighbours", "neighbors", "nearest"),
    Part("prediction depth", "neighbors", "depth"),
    Part("influence factors", "influence", "factors"),
    Part("self-influence", "influence", "of_examples"),
    Part("pairwise influence", "influence", "of_pairs"),
    Part("influence in bfloat16", "influence", "in_bfloat16"),
    Part("speed of training", "speed_of_passes", "training", 90),
    Part("speed of extraction", "speed_of_passes", "extraction", 90),
    Part("speed of neighbours", "speed_of_products", "neighbors", 90),
    Part("speed of influence", "speed_of_products", "influence", 90),
]
