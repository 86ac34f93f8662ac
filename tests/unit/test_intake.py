"""What a source found, used and left out adds up, on the terminal and in the metadata."""

import json

from difficulty.datasets.intake import Intake


def test_counts_and_names_of_what_was_left_out():
    intake = Intake("rows")
    assert intake.lines("photos", used=5) == ["photos: 5 rows found, all used"]
    intake.leave_out("no label", ["a", "b"])
    intake.leave_out("no label", ["c", "d"])
    intake.leave_out("beyond limit.train", (), count=1000)
    intake.leave_out("broken", [])
    assert intake.lines("photos", used=5) == [
        "photos: 1,009 rows found, 5 used, 1,004 left out",
        "photos: left out: no label: 4 (a, b, c, ...)",
        "photos: left out: beyond limit.train: 1,000",
    ]
    assert json.loads(json.dumps(intake.facts(used=5))) == {
        "unit": "rows",
        "found": 1009,
        "used": 5,
        "left_out": {
            "no label": {"count": 4, "names": ["a", "b", "c"]},
            "beyond limit.train": {"count": 1000, "names": []},
        },
    }
