"""Arrays of a page, against what was packed, read back with the standard library."""

import base64
import json
import zlib

import numpy as np
import pytest

from difficulty.atlas.arrays import MISSING, Arrays


def unpacked(arrays, described, kind):
    return np.frombuffer(zlib.decompress(base64.b64decode(arrays.packed[described["array"]])), kind)


def test_numbers_are_kept_as_they_are():
    arrays = Arrays()
    values = np.array([0, 7, -3, 2**31 - 1])
    np.testing.assert_array_equal(unpacked(arrays, arrays.numbers(values, "i4"), "<i4"), values)
    with pytest.raises(ValueError, match="do not fit u1"):
        arrays.numbers(np.array([256]), "u1")


def test_real_numbers_are_kept_to_a_fraction_of_their_range():
    arrays, values = Arrays(), np.array([-2.5, 0.1, np.nan, 1e3, 3.25])
    described = arrays.quantised(values)
    codes = unpacked(arrays, described, "<u2").astype(float)
    assert codes[2] == MISSING and described["low"] == -2.5 and described["high"] == 1000
    read = described["low"] + codes * (described["high"] - described["low"]) / (MISSING - 1)
    known = ~np.isnan(values)
    np.testing.assert_allclose(read[known], values[known], atol=1002.5 / 65534 / 2 + 1e-9)


@pytest.mark.parametrize("far", [1e30, np.inf, -np.inf])
def test_numbers_far_away_do_not_make_the_others_equal(far):
    arrays, values = Arrays(), np.append(np.linspace(0, 1, 100), [far, np.nan])
    described = arrays.quantised(values)
    assert described["kind"] == "f4"
    np.testing.assert_array_equal(unpacked(arrays, described, "<f4"), values.astype(np.float32))


def test_many_numbers_of_a_usual_distribution_are_quantised():
    assert Arrays().quantised(np.random.default_rng(0).normal(size=60_000))["kind"] == "q2"


def test_identifiers_beyond_32_bits():
    arrays = Arrays()
    assert arrays.identifiers(np.array([1, 2]))["kind"] == "i4"
    large = np.array([3, 2**31, 2**53 - 1])
    np.testing.assert_array_equal(unpacked(arrays, arrays.identifiers(large), "<f8"), large)


def test_a_constant_and_nothing_at_all():
    arrays = Arrays()
    assert unpacked(arrays, arrays.quantised(np.full(3, 4.0)), "<u2").tolist() == [0, 0, 0]
    assert unpacked(arrays, arrays.quantised(np.array([np.nan])), "<u2").tolist() == [MISSING]
    assert unpacked(arrays, arrays.quantised(np.array([])), "<u2").tolist() == []


def test_codes_and_texts():
    arrays = Arrays()
    assert unpacked(arrays, arrays.codes(np.array([3, np.nan, 0, -1])), "<u2").tolist() == [3, MISSING, 0, MISSING]
    texts = ["a", None, "</script>"]
    content = zlib.decompress(base64.b64decode(arrays.packed[arrays.texts(texts)["array"]]))
    assert json.loads(content) == texts


def test_equal_arrays_are_kept_once():
    arrays = Arrays()
    assert (
        arrays.codes(np.array([1, 2]))["array"]
        == arrays.codes(np.array([1, 2]))["array"]
        != arrays.codes(np.array([2, 1]))["array"]
    )
    assert arrays.picture(b"picture") == arrays.picture(b"picture")
    assert base64.b64decode(arrays.packed[arrays.picture(b"picture")]) == b"picture"
