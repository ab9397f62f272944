"""The kinds at hand: the files of ``seeded_bugs`` and what third parties add by entry points.

Kinds are found by walking the package, so adding a kind is adding a file. Packages of other
people register under the entry-point group ``grader.seeded_bugs``; each entry point names a module
with a ``BUG`` or a ``DECOY``.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import TypeVar

import seeded_bugs
import seeded_bugs.decoys
from grader.errors import CatalogError
from seeded_bugs.contract import SeededBug, SeededDecoy

T = TypeVar("T")
ENTRY_POINTS = "grader.seeded_bugs"
_NOT_KINDS = frozenset({"catalogue", "contract", "words"})


@cache
def bugs() -> dict[str, SeededBug]:
    """Return every kind of flaw by name, in the order of the ids.

    Raises:
        CatalogError: if a file breaks the contract or two kinds share a name or an id.
    """
    found = [_member(m, "BUG", SeededBug) for m in _modules(seeded_bugs, _NOT_KINDS)]
    found += [m.BUG for m in _plugins() if hasattr(m, "BUG")]
    _refuse_doubles([(b.entry.name, b.entry.id) for b in found])
    return {b.entry.name: b for b in sorted(found, key=lambda b: b.entry.id)}


@cache
def decoys() -> dict[str, SeededDecoy]:
    """Return every kind of decoy by name, in the order of the ids; errors as for bugs."""
    found = [_member(m, "DECOY", SeededDecoy) for m in _modules(seeded_bugs.decoys, frozenset())]
    found += [m.DECOY for m in _plugins() if hasattr(m, "DECOY")]
    _refuse_doubles([(d.entry.name, d.entry.id) for d in found])
    return {d.entry.name: d for d in sorted(found, key=lambda d: d.entry.id)}


def bug(name: str) -> SeededBug:
    """Return one kind of flaw by its name or its id.

    Raises:
        CatalogError: if there is none; the message names the nearest.
    """
    known = bugs()
    by_id = {b.entry.id: b for b in known.values()}
    wanted = name.strip().replace("-", "_")
    if wanted in known:
        return known[wanted]
    if name.strip().upper() in by_id:
        return by_id[name.strip().upper()]
    raise CatalogError(f"no kind of flaw is called {name!r}{_nearest(wanted, list(known))}")


def _nearest(wanted: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(wanted, names, n=3)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return f"{hint} (`grader catalog` lists them all)"


def _modules(package: ModuleType, leave_out: frozenset[str]) -> Iterator[ModuleType]:
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        if not info.ispkg and info.name not in leave_out:
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def _plugins() -> list[ModuleType]:
    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda p: p.name)
    return [importlib.import_module(p.value.partition(":")[0]) for p in points]


def _member(module: ModuleType, name: str, kind: type[T]) -> T:
    value = getattr(module, name, None)
    if not isinstance(value, kind):
        raise CatalogError(f"{module.__name__} must end in {name} = {kind.__name__}(...)")
    return value


def _refuse_doubles(names: list[tuple[str, str]]) -> None:
    for column in zip(*names, strict=True):
        doubles = sorted({value for value in column if column.count(value) > 1})
        if doubles:
            raise CatalogError(f"more than one kind is called {', '.join(doubles)}")
