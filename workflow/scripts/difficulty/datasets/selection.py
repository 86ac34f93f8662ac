"""Coverage-centric selection: a part of the data that leaves out the hardest and covers all that remains.

Zheng et al., "Coverage-centric coreset selection for high pruning rates", ICLR 2023, arXiv 2210.15809.
"""

import numpy as np

from difficulty.random_streams import derived_seed


def stratified(
    scores: np.ndarray, count: int, strata: int = 50, drop_hardest: float = 0.0, seed: int = 0
) -> np.ndarray:
    """Draws examples from all levels of difficulty: as many from each, as far as each has so many.

    scores: (N,), higher is harder. count: how many examples are drawn. drop_hardest: the share of the N examples, the
    hardest ones, that are left out before (beta in the paper). The range of the other scores is cut into `strata` parts
    of equal width; from the smallest part up, each gives its equal share of what is still to be drawn, or all it has.
    Parts of the same size are taken in an order that is drawn, since the last ones give what does not divide. Among
    equal scores at the limit of the hardest, a draw decides.
    Returns the positions of the examples, int64 (count,), sorted.
    Raises ValueError for scores that are no numbers, and if fewer than `count` examples are left.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise ValueError("scores is (N,), finite numbers")
    if strata < 1 or not 0 <= drop_hardest < 1:
        raise ValueError(f"expected strata >= 1 and 0 <= drop_hardest < 1, got {strata} and {drop_hardest}")
    generator = np.random.default_rng(derived_seed("stratified", seed))
    order = np.lexsort((generator.random(len(scores)), scores))
    kept = order[: len(scores) - int(drop_hardest * len(scores))]
    if not 0 <= count <= len(kept):
        raise ValueError(f"count: expected 0..{len(kept)} (of {len(scores)} examples), got {count}")
    drawn, wanted = [], count
    parts = _strata(kept, scores[kept], strata)
    parts = sorted((parts[place] for place in generator.permutation(len(parts))), key=len)
    for place, part in enumerate(parts):
        share = min(len(part), wanted // (len(parts) - place))
        drawn.append(generator.choice(part, share, replace=False))
        wanted -= share
    return np.sort(np.concatenate([*drawn, np.empty(0, np.int64)]).astype(np.int64))


def _strata(positions: np.ndarray, scores: np.ndarray, number: int) -> list[np.ndarray]:
    """The positions, cut by `number` parts of equal width of the range of their scores; a part may be empty."""
    if not len(positions):
        return []
    low, high = scores.min(), scores.max()
    width = (high - low) or 1.0
    part = np.minimum((number * ((scores - low) / width)).astype(np.int64), number - 1)
    return [positions[part == each] for each in range(number)]
