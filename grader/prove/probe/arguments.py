"""What a hooked call was given: an argument by place or name, the columns of a table."""

from typing import Any


def argument(given: tuple[Any, ...], named: dict[str, Any], place: int, name: str) -> Any:
    """Return an argument given by place or by name; None if it was not given."""
    return given[place] if len(given) > place else named.get(name)


def width(X: Any) -> int | None:
    """Return the number of columns of a table; None for anything else."""
    return int(X.shape[1]) if getattr(X, "ndim", 0) == 2 else None
