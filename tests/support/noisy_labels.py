"""Labels that are read with known errors, and what a predictor states of them."""

import numpy as np
from scipy.special import log_softmax, softmax

ASYMMETRIC = np.array([[0.9, 0.1, 0], [0.02, 0.95, 0.03], [0.2, 0, 0.8]])


def simulated(examples, transitions, sharpness=1.0, seed=0):
    """Labels of images whose classes are drawn from known probabilities, read with known errors.

    Returns the log probabilities that a predictor states (duller than the true ones by the factor), classes, labels.
    """
    generator = np.random.default_rng(seed)
    classes = len(transitions)
    logits = generator.normal(scale=4, size=(examples, classes))
    true = np.array([generator.choice(classes, p=row) for row in softmax(logits, axis=1)])
    given = np.array([generator.choice(classes, p=transitions[each]) for each in true])
    return log_softmax(logits / sharpness, axis=1), true, given
