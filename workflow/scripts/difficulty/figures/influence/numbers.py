"""Numbers in figures of influence, which spreads over orders of magnitude: short, with as many digits as they need."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = range(-2, 3)  # exponents of ten of numbers that are written without them


def correlation_text(value: float) -> str:
    """`.998`, `−.120`, `1.000`: three digits, as variants may differ by the third only."""
    text = f"{abs(value):.3f}"
    sign = "−" if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0") else text)


def number_text(value: float) -> str:
    """`0.250`, `120`, `3.10×10⁻⁵`: three significant digits."""
    exponent = _exponent(value)
    if exponent in _PLAIN:
        return _minus(f"{value:.{max(0, 2 - exponent)}f}")
    return _minus(f"{value / 10.0**exponent:.2f}×{_power(exponent)}")


def range_text(low: float, high: float) -> str:
    """`0.954 to 1.120`, `(0.8 to 2.3)×10⁴`: both ends to the same place."""
    exponents = [_exponent(end) for end in (low, high)]
    if (largest := max(exponents)) in _PLAIN:
        places = min(max(0, 2 - min(exponents)), 3 - largest, 4)
        return _minus(f"{low:.{places}f} to {high:.{places}f}")
    return _minus(f"({low / 10.0**largest:.1f} to {high / 10.0**largest:.1f})×{_power(largest)}")


def tick_text(value: float) -> str:
    """`0`, `0.1`, `−5×10⁴`, `10⁶`."""
    exponent = _exponent(value)
    if exponent in _PLAIN:
        return _minus(f"{value:.6g}")
    factor = f"{value / 10.0**exponent:.6g}×"
    return _minus({"1×": "", "-1×": "-"}.get(factor, factor) + _power(exponent))


def _exponent(value: float) -> int:
    return int(f"{value:.2e}".split("e")[1])


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def _minus(text: str) -> str:
    return text.replace("-", "−")
