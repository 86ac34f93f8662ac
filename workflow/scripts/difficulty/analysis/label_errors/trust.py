"""Whether a list of suspects deserves trust: did the networks learn, do they agree, is there held-out evidence?"""

from dataclasses import dataclass

import numpy as np

from difficulty.analysis.wilson import wilson_interval

_SKILL = 1 / 3  # of the way from always saying the commonest class to being always right
_RELIABLE = 0.7
_NARROW = 2.5  # high over low end of the interval of the number of wrong labels, above which that is said


@dataclass(frozen=True)
class Facts:
    """What a verdict rests on; NaN for what is not known.

    examples: how many there are. commonest: share of the commonest label. fitted: of the training labels that networks
    are right about at their last epoch. held_out: of the labels that predictors are right about without having seen
    them. reliability: of the order over the seeds. low, high: range of the number of wrong labels. are_probes: whether
    the networks are linear probes on given features, which other features may help, but no longer training. corrected:
    whether other networks have replaced labels that they took for wrong.
    """

    examples: int
    commonest: float
    fitted: float
    held_out: float
    reliability: float
    low: float = np.nan
    high: float = np.nan
    are_probes: bool = False
    corrected: bool = False


def verdict(facts: Facts) -> tuple[bool, str]:
    """Whether the order of the suspects and the estimates deserve trust, and a sentence that says why or why not."""
    if facts.commonest == 1:
        return False, "all training images have the same label, so that none stands out"
    if _is_poor(facts.fitted, facts.commonest):
        return False, (
            f"networks did not fit the training images (they are right about {facts.fitted:.0%} of the labels, the "
            f"commonest class alone has {facts.commonest:.0%}): ranks are not meaningful; train for longer, or give "
            "features of a pretrained network"
        )
    if facts.reliability < _RELIABLE:
        who = "linear probes on different folds" if facts.are_probes else "networks of different seeds"
        remedy = "give other features" if facts.are_probes else "train for longer"
        return False, (
            f"{who} order the images differently (reliability {max(facts.reliability, 0):.2f}): "
            f"ranks are not meaningful yet; add seeds, or {remedy}"
        )
    lowest, _ = wilson_interval(facts.held_out, facts.examples)  # of all images that could have been drawn
    if _is_poor(lowest, facts.commonest):
        return False, (
            f"images that were not seen are predicted poorly ({facts.held_out:.0%} of {facts.examples:,} labels; "
            f"the low end of the interval is {lowest:.0%}, and {_least(facts.commonest):.0%} are needed, as the "
            f"commonest class alone has {facts.commonest:.0%}): probabilities and numbers are not meaningful; train on "
            f"more images, or give features of {'another' if facts.are_probes else 'a pretrained'} network, unless "
            "very many labels are wrong"
        )
    if facts.corrected:
        return False, (
            "other networks have replaced labels that they took for wrong, and these networks agree with those: "
            "probabilities and numbers would say that hardly any label is wrong; look at the list of the first networks"
        )
    return True, _grounds(facts)


def _is_poor(accuracy: float, commonest: float) -> bool:
    return accuracy < _least(commonest)


def _least(commonest: float) -> float:
    """The share of labels that has to be predicted."""
    return commonest + _SKILL * (1 - commonest)


def _grounds(facts: Facts) -> str:
    """What speaks for the list, and what is not known."""
    grounds = []
    if not np.isnan(facts.fitted):
        grounds.append(f"networks fit {facts.fitted:.0%} of the labels")
    if not np.isnan(facts.reliability):
        what = "probes on other folds agree" if facts.are_probes else "seeds agree"
        grounds.append(f"{what} (reliability {facts.reliability:.2f})")
    elif not np.isnan(facts.fitted):
        grounds.append("with one seed it is not known whether others agree")
    if not np.isnan(facts.held_out):
        grounds.append(f"{facts.held_out:.0%} of the labels are predicted without having been seen")
    if facts.high > _NARROW * max(facts.low, 1):
        interval = f"{facts.low:,.0f} to {facts.high:,.0f}"
        remedy = "held-out probabilities narrow" if facts.are_probes else "folds, more seeds or features narrow"
        grounds.append(f"the number of wrong labels is uncertain ({interval}), {remedy} it")
    return "; ".join(grounds)
