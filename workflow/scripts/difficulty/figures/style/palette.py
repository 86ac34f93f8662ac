"""Colours that keep one meaning in all figures and pages.

They are those of Okabe and Ito (Color Universal Design, 2008), Paul Tol and ColorBrewer, which people with any of the
common kinds of colour blindness can tell apart.
"""

INK = "#222222"
FAINT_INK = "#767676"
WARNING = "#B22222"

ROLE_COLORS = {"train": "#0072B2", "validation": "#AA4499", "test": "#D55E00"}
CORRUPT = "#E69F00"
PRISTINE = "#009E73"
STRIPE = "#f5f5f5"  # behind every other row
# What predictions of several networks are: the darker colour where all of them agree.
ALL_RIGHT, RIGHT, WRONG, ALL_WRONG = "#08519C", "#9ECAE1", "#FDBE85", "#A63603"
WRONG_TEXT = "#C00000"

LINE_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F6A00")
# Of points, where black would hide others, and of shares from none to all.
POINT_COLORS = (*LINE_COLORS[:6], "#7F6A00", "#8C564B", "#6A3D9A", "#777777")
SHARE_COLORS = ("#0072B2", "#5B8DB8", "#A9A9A9", "#D9A441", "#D55E00")
