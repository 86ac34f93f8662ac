"""The curve where a function is zero, and distances to it, against geometry done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from difficulty.analysis.decision_boundary import distance_to_segments, surrounding_axes, zero_segments

POINTS = np.random.default_rng(0).normal(size=(60, 2))
AXES = surrounding_axes(POINTS, 401)
CELL = max(axis[1] - axis[0] for axis in AXES)
EXACT = 1e-9
NUMBERS = st.floats(-3, 3)


def distances(function):
    return distance_to_segments(POINTS, zero_segments(*AXES, function(*np.meshgrid(*AXES, indexing="ij"))))


@given(angle=st.floats(0, 2 * np.pi), offset=st.floats(-1, 1))
def test_distance_to_a_line(angle, offset):
    normal = np.array([np.cos(angle), np.sin(angle)])
    found = distances(lambda x, y: 3 * (normal[0] * x + normal[1] * y - offset))
    np.testing.assert_allclose(found, np.abs(POINTS @ normal - offset), rtol=0, atol=EXACT)


def test_distance_to_a_circle():
    found = distances(lambda x, y: x**2 + y**2 - 1)
    np.testing.assert_allclose(found, np.abs(np.linalg.norm(POINTS, axis=1) - 1), rtol=0, atol=CELL**2)


def test_distance_to_a_curve_with_a_bend():
    """max(x, y) = 1/2 is two rays that meet at a right angle, as boundaries of rectified units do."""
    found = distances(lambda x, y: np.maximum(x, y) - 0.5)
    x, y = POINTS.T - 0.5
    inside = (x < 0) & (y < 0)
    to_rays = np.minimum(np.hypot(x, np.maximum(y, 0)), np.hypot(np.maximum(x, 0), y))
    expected = np.where(inside, np.minimum(-x, -y), to_rays)
    np.testing.assert_allclose(found, expected, rtol=0, atol=CELL)


def test_grid_reaches_far_enough_for_every_point():
    low, high = POINTS.min(0), POINTS.max(0)
    reach = np.linalg.norm(high - low)
    for axis, values in enumerate(AXES):
        assert values[0] <= low[axis] - reach and values[-1] >= high[axis] + reach


@pytest.mark.parametrize("value", [1, -1])
def test_a_function_without_zeros_has_no_curve(value):
    segments = zero_segments(*AXES, np.full((401, 401), value))
    assert segments.shape == (0, 2, 2)
    assert np.isnan(distance_to_segments(POINTS, segments)).all()


@given(st.tuples(NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS))
def test_distance_to_one_segment_is_that_to_its_nearest_point(start, end):
    segment = np.array([[start, end]])
    along = np.linspace(0, 1, 2001)[:, None]
    dense = (1 - along) * np.array(start) + along * np.array(end)
    expected = np.linalg.norm(POINTS[:, None] - dense, axis=2).min(1)
    found = distance_to_segments(POINTS, segment)
    assert (found <= expected + EXACT).all()
    np.testing.assert_allclose(found, expected, rtol=0, atol=np.linalg.norm(np.subtract(end, start)) / 4000 + EXACT)
