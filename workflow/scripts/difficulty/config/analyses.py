"""The analyses: each is one field, whose type is a section in a module of its own.

What an analysis gives, uses and refers to is said by its section (see `CheckedSection`) and by annotations of its
fields (see annotations.py), so that nothing else has to know of it.
"""

from pydantic import Field

from difficulty.config.agreement import Agreement
from difficulty.config.average_precision import AveragePrecision
from difficulty.config.coherence import Coherence
from difficulty.config.comparisons import Comparisons
from difficulty.config.correlation import Correlation, TruthCorrelation
from difficulty.config.detection import Detection
from difficulty.config.dynamics import Dynamics
from difficulty.config.generalization import Studies
from difficulty.config.images import Images
from difficulty.config.influence import Influence
from difficulty.config.prediction_depth import PredictionDepth
from difficulty.config.relations import Relations
from difficulty.config.section import Section
from difficulty.config.suspects import Suspects
from difficulty.config.vog import Vog
from difficulty.config.vog_toy import VogToy


class Analyses(Section):
    """What is computed from the records of the experiments."""

    dynamics: Dynamics = Field(Dynamics(), description="learning-dynamics scores")
    agreement: Agreement = Field(Agreement(), description="agreement of runs")
    comparisons: Comparisons = Field(
        {},
        description="name -> 2 to 8 experiments, on any data sets, whose training curves are drawn in one figure; "
        "noise-* stands for all whose name fits",
    )
    correlation: Correlation = Field(Correlation(), description="rank correlation of scores")
    truth_correlation: TruthCorrelation = Field(
        TruthCorrelation(), description="scores against truth columns that hold numbers"
    )
    detection: Detection = Field(Detection(), description="scores against planted or known truth")
    suspects: Suspects = Field(Suspects(), description="list of examples to look at first")
    vog: Vog | None = Field(None, description="variance of gradients; null: not computed")
    prediction_depth: PredictionDepth | None = Field(None, description="prediction depth; null: not computed")
    influence: Influence | None = Field(None, description="influence scores; null: not computed")
    images: Images | None = Field(None, description="statistics of the images themselves; null: not computed")
    relations: Relations | None = Field(
        None, description="scores against statistics of images and truth columns; null: not computed"
    )
    coherence: Coherence | None = Field(None, description="coherence of gradients; null: not computed")
    average_precision: AveragePrecision = Field(
        AveragePrecision(), description="average precision of classes, where images have several labels"
    )
    generalization: Studies = Field(
        {},
        description="name -> 2 to 8 experiments on subsets of one data set, tested on each other's held-out parts",
    )
    vog_toy: VogToy | None = Field(
        None, description="toy experiment of variance of gradients, for which nothing else need be configured"
    )
