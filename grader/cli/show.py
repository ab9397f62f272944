"""Showing results on a terminal: tables, JSON, progress bars, all safe for hostile text."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import click

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Return text without control, zero-width and direction characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def print_json(value: object) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def table(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table; numbers stand on the right. Prints nothing without rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name, value in rows[0].items():
        right = isinstance(value, int | float) and not isinstance(value, bool)
        shown.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(harmless(str(value))) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 110).print(shown)


def progress(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield the items with a progress bar on the error stream; silent when not a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True))
