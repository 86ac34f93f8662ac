"""Names that are too long for a figure, cut where they differ least."""


def abbreviated(name: str, limit: int) -> str:
    """`name`, with an ellipsis in place of its middle where it is longer than `limit`; ends often tell names apart."""
    if len(name) <= limit:
        return name
    end = (limit - 1) // 2
    return f"{name[: limit - 1 - end]}…{name[len(name) - end :]}"
