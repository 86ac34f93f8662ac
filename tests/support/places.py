"""Places in nested values."""


def places(value, place=()):
    """Every place below `value`, with what is there."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*place, key), child
        yield from places(child, (*place, key))
