"""The score that says how likely a given label is wrong, which every experiment has, pooled over all its runs."""

LABEL_ERROR_SCORES = ("label_error",)
