"""Which statistics of images there are."""

from difficulty.scores.catalogue import Entry

# Harder is what the paper supposes to be; dark, dull or blurred images it supposes nothing of.
STATISTICS = {
    "local_entropy": Entry("mean entropy of the luma in windows of 10 x 10 pixels, bits", +1),
    "local_entropy_u8": Entry("mean entropy of the luma in 8 bits in windows of 10 x 10 pixels, bits", +1),
    "dct_coefficients": Entry(
        "cosine coefficients with 0.9998 of the norm of luma, percent of the pixels; null if black",
        direction=+1,
        nullable=True,
    ),
    "dct_coefficients_ac": Entry(
        "cosine coefficients with 0.9998 of the norm of luma less its mean, percent of the pixels; null if plain",
        direction=+1,
        nullable=True,
    ),
    "segments": Entry("segments (Felzenszwalb & Huttenlocher 2004), scale 500, sigma 0.5, from 20 pixels", +1),
    "edge_strength": Entry("Scharr magnitude of luma, summed, in place of the edge detector of the paper", +1),
    "edge_strength_per_pixel": Entry("Scharr magnitude of luma, mean, in place of the edge detector of the paper", +1),
    "brightness": Entry("mean of luma, 0 to 1"),
    "contrast": Entry("standard deviation of luma, 0 to 1"),
    "sharpness": Entry("variance of the Laplacian of luma"),
}
# Those that sum up what can be shown as an image, in the order of the figure.
WITH_MAP = ("local_entropy", "segments", "edge_strength", "dct_coefficients")
# Those that take nine tenths of the time of all.
SLOW = ("local_entropy", "local_entropy_u8", "segments")
