"""What the estimates of wrong labels and those who show them agree on."""

FEWEST_PER_LABEL = 20  # examples, on average, that an estimate needs; with more labels than this, as many as labels
LIKELIER_WRONG = 0.5  # the probability above which a label is within the cut
