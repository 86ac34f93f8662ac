"""Which statistics of images there are. Standard library only: the configuration asks, too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statistic:
    """direction: +1 if more is what the paper supposes to be harder, None if it supposes nothing.

    nullable: whether an image may have none.
    """

    description: str
    direction: int | None = None
    nullable: bool = False


# Harder is what the paper supposes to be; dark, dull or blurred images it supposes nothing of.
STATISTICS = {
    "local_entropy": Statistic("mean entropy of the luma in windows of 10 x 10 pixels, bits", +1),
    "local_entropy_u8": Statistic("mean entropy of the luma in 8 bits in windows of 10 x 10 pixels, bits", +1),
    "dct_coefficients": Statistic(
        "cosine coefficients with 0.9998 of the norm of luma, percent of the pixels; null if black",
        direction=+1,
        nullable=True,
    ),
    "dct_coefficients_ac": Statistic(
        "cosine coefficients with 0.9998 of the norm of luma less its mean, percent of the pixels; null if plain",
        direction=+1,
        nullable=True,
    ),
    "segments": Statistic("segments (Felzenszwalb & Huttenlocher 2004), scale 500, sigma 0.5, from 20 pixels", +1),
    "edge_strength": Statistic("Scharr magnitude of luma, summed, in place of the edge detector of the paper", +1),
    "edge_strength_per_pixel": Statistic(
        "Scharr magnitude of luma, mean, in place of the edge detector of the paper", +1
    ),
    "brightness": Statistic("mean of luma, 0 to 1"),
    "contrast": Statistic("standard deviation of luma, 0 to 1"),
    "sharpness": Statistic("variance of the Laplacian of luma"),
}
# Those that sum up what can be shown as an image, in the order of the figure.
WITH_MAP = ("local_entropy", "segments", "edge_strength", "dct_coefficients")
