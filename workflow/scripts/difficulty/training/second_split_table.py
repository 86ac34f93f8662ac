"""The table that training on two halves, one after the other, leaves."""

import pyarrow as pa

from difficulty.tables import Column, Schema

# One row per example of the first half and epoch of the second, epochs in order.
SECOND_SPLIT = Schema(
    "second_split",
    {
        "example_id": Column(pa.int64(), "as in the examples; of the half that was trained on first"),
        "epoch": Column(pa.int32(), "epochs of training on the other half; 0: at the end of the first half"),
        "correct": Column(pa.bool_(), "predicted equals the given label"),
    },
    key=("example_id", "epoch"),
)
