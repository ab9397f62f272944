"""The groups of runs of a trial: what data each is given, and how the program is started."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grader.prove.damage import SERVE_DAMAGE, TRAIN_DAMAGE, gaps, renamed, text_in_number
from grader.prove.material import Material, as_csv, number_columns
from grader.prove.runner import Call, Session

if TYPE_CHECKING:
    from grader.prove.trial import Trial

SEED, OTHER_SEED = 7, 8
REPLICATES, FRESH_ROWS = 6, 8_700
"""Of the raw rows some are repeats; what is left of all replicates is more than 50,000."""
DATA = "table.csv"
HALF, GAPS, GAPS_HALF = "half.csv", "gaps.csv", "gaps-half.csv"
HOUR, DAY = 3600.0, 86400.0
SHORT, MANY = 0.9, 6_000


@dataclass(frozen=True)
class Named:
    """A session and the names of the runs it gives."""

    names: tuple[str, ...]
    session: Session


def _call(
    way: str, data: str = DATA, seed: int = SEED, out: str = "out", **options: object
) -> Call:
    arguments = (way, "--data", data, "--out", out, "--seed", str(seed))
    return Call(arguments, **options)  # type: ignore[arg-type]


def _session(
    trial: "Trial", files: Mapping[str, bytes], calls: Mapping[str, Call], child: int = 0
) -> Named:
    beside = trial.material.beside
    session = Session(trial.program, {**beside, **files}, tuple(calls.values()), child)
    return Named(tuple(calls), session)


def _base(trial: "Trial") -> list[Named]:
    """Train on tidy data, then serve the same rows."""
    files = {DATA: as_csv(trial.table)}
    calls = {
        "base/train": _call("train", watch=trial.watch),
        "base/serve": _call("predict", watch=trial.watch),
    }
    return [_session(trial, files, calls)]


def _served(trial: "Trial") -> list[Named]:
    """Train again, then serve some of the rows, rows with gaps, and damage."""
    table, material = trial.table, trial.material
    half = first_half(material, table)
    gapped = gaps(material, table)
    short = b"\n".join(gapped.split(b"\n")[: half + 1]) + b"\n"
    files = {DATA: as_csv(table), HALF: as_csv(table.iloc[:half]), GAPS: gapped, GAPS_HALF: short}
    calls = {
        "served/train": _call("train"),
        "served/serve": _call("predict"),
        "served/half": _call("predict", HALF),
        "served/gaps": _call("predict", GAPS),
        "served/gaps-half": _call("predict", GAPS_HALF),
        "served/broken": _call("predict", broken_models=True),
        "served/no-model": _call("predict", out="nothing-here"),
    }
    for name, data in _damages(trial).items():
        files[f"{name}.csv"] = data
        calls[f"served/{name}"] = _call("predict", f"{name}.csv")
    # Last: what these leave in the place of the files stays there.
    calls["served/blocked"] = _call("predict", blocked=("out/predictions.csv",))
    for number, path in enumerate(trial.base.written):
        calls[f"served/unwritten-{number}"] = _call("train", blocked=(path,))
    return [_session(trial, files, calls, child=1)]


def first_half(material: Material, table: pd.DataFrame) -> int:
    """Return how many rows make up about the first half, the rows of one moment kept together.

    Rows of one moment may be served as one list, so that a rank depends on all of them.
    """
    half, time = len(table) // 2, material.facts.time_column
    if time is None:
        return half
    begun = np.flatnonzero((table[time] != table[time].shift()).to_numpy())
    whole = begun[(begun > 0) & (begun <= half)]
    return int(whole[-1]) if len(whole) else half


def _damages(trial: "Trial") -> dict[str, bytes]:
    """Return the damaged tables to serve, by what is wrong with them."""
    every = {**SERVE_DAMAGE} | {
        f"text_in_{name}": text_in_number(name)
        for name in number_columns(trial.material, trial.table)
    }
    made = {name: damage(trial.material, trial.table) for name, damage in every.items()}
    return {name: data for name, data in made.items() if data is not None}


def _influence(trial: "Trial") -> list[Named]:
    """Train again with other features, or other labels, in the held-out rows; same splits."""
    rows, material, table = trial.held_out(), trial.material, trial.table
    tables = {
        "features": material.with_other_features(table, rows, "influence/features"),
        "labels": material.with_other_labels(table, rows, "influence/labels"),
    }
    if material.facts.time_column:
        later = trial.later_rows()
        tables["future"] = material.with_other_features(table, later, "influence/future")
    if material.facts.late_columns:
        tables["late"] = material.with_other_late(table, "influence/late")
    files = {f"{name}.csv": as_csv(frame) for name, frame in tables.items()}
    calls = {
        f"influence/{name}": _call(
            "train", f"{name}.csv", watch=trial.watch, replay=trial.base.splits
        )
        for name in tables
    }
    return [_session(trial, files, calls)]


def _repeat(trial: "Trial") -> list[Named]:
    """Train and serve twice with one seed, nothing pinned, in two directories; without a seed too.

    The second runs have another hash seed and a clock that is an hour ahead. Without a seed
    argument, what is drawn without a seed is pinned: only what the clock decides may differ.
    """
    data, there = as_csv(trial.table), "er/" + DATA
    bare = ("train", "--data", DATA, "--out", "out")
    first = {
        "repeat/no-seed-1": Call(bare),
        "repeat/no-seed-2": Call(bare, clock_shift=HOUR),
        "repeat/1": _call("train", pinned=False, watch=trial.watch),
        "repeat/served-1": _call("predict", pinned=False),
        "repeat/served-later": _call("predict", pinned=False, clock_shift=400 * DAY),
    }
    second = {
        "repeat/2": _call(
            "train", there, folder="deep", pinned=False, clock_shift=HOUR, watch=trial.watch
        ),
        "repeat/served-2": _call("predict", there, folder="deep", pinned=False),
    }
    files = {DATA: data, f"deep/er/{DATA}": data}
    return [_session(trial, {DATA: data}, first, 0), _session(trial, files, second, 1)]


def _seeds(trial: "Trial") -> list[Named]:
    """Train with another seed, everything without a seed pinned."""
    files = {DATA: as_csv(trial.table)}
    return [_session(trial, files, {"seeds/other": _call("train", seed=OTHER_SEED)})]


def _damaged(trial: "Trial") -> list[Named]:
    """Train on damaged tables."""
    calls = {"damaged/missing_file": _call("train", "not-there.csv")}
    files = {}
    for name, damage in TRAIN_DAMAGE.items():
        data = damage(trial.material, trial.table)
        if data is not None:
            files[f"{name}.csv"] = data
            calls[f"damaged/{name}"] = _call("train", f"{name}.csv")
    return [_session(trial, files, calls)]


def _as_is(trial: "Trial") -> list[Named]:
    """Train on a table as the maker gives it, repeats included."""
    files = {DATA: as_csv(trial.material.raw("as-is"))}
    calls = {"as-is/train": _call("train", watch=trial.watch), "as-is/serve": _call("predict")}
    return [_session(trial, files, calls, child=1)]


def _sizes(trial: "Trial") -> list[Named]:
    """Train on part of a table and serve many rows."""
    table, material = trial.table, trial.material
    files = {
        "many.csv": as_csv(material.raw("many", MANY).drop_duplicates()),
        "short.csv": as_csv(table.iloc[: int(SHORT * len(table))]),
    }
    calls = {
        "sizes/short": _call("train", "short.csv"),
        "sizes/many": _call("predict", "many.csv"),
    }
    return [_session(trial, files, calls, child=1)]


def _renamed(trial: "Trial") -> list[Named]:
    """Train and serve with other names for the categories."""
    data = renamed(trial.material, trial.table)
    if data is None:
        return []
    calls = {"renamed/train": _call("train"), "renamed/serve": _call("predict")}
    return [_session(trial, {DATA: data}, calls)]


def _relocated(trial: "Trial") -> list[Named]:
    """Start it without saying where the data is, or where the results go."""
    files = {DATA: as_csv(trial.table), f"deep/er/{DATA}": as_csv(trial.table)}
    calls = {
        "relocated/bare": Call(("train",), folder="deep"),
        "relocated/no-data": Call(("train", "--out", "out2"), folder="deep"),
        "relocated/no-out": Call(("train", "--data", "er/" + DATA), folder="deep"),
    }
    return [_session(trial, files, calls, child=1)]


def _optimism(trial: "Trial") -> list[Named]:
    """Train on one raw table and serve many fresh rows: the first of the replicates."""
    return [_replicate(trial, "optimism", 0)]


def _optimism_more(trial: "Trial") -> list[Named]:
    """The other replicates, each on tables of its own."""
    return [_replicate(trial, "optimism-more", number) for number in range(1, REPLICATES)]


def _replicate(trial: "Trial", group: str, number: int) -> Named:
    files = {
        DATA: as_csv(trial.material.raw(f"optimism/{number}")),
        "fresh.csv": as_csv(unlabelled(trial.material, fresh_table(trial.material, number))),
    }
    calls = {
        f"{group}/{number}/train": _call("train"),
        f"{group}/{number}/serve": _call("predict", "fresh.csv"),
    }
    return _session(trial, files, calls, child=number % 2)


def fresh_table(material: Material, number: int) -> pd.DataFrame:
    """Return the fresh rows of a replicate, in the order of the maker, each once."""
    return material.raw(f"optimism/fresh/{number}", FRESH_ROWS).drop_duplicates()


def unlabelled(material: Material, fresh: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as they are before the outcome: what is known only later is empty."""
    late = [name for name in material.facts.late_columns if name in fresh]
    return fresh.assign(**dict.fromkeys(late, np.nan))


GROUPS: Mapping[str, Callable[["Trial"], list[Named]]] = {
    "base": _base,
    "served": _served,
    "influence": _influence,
    "repeat": _repeat,
    "seeds": _seeds,
    "damaged": _damaged,
    "as-is": _as_is,
    "sizes": _sizes,
    "relocated": _relocated,
    "renamed": _renamed,
    "optimism": _optimism,
    "optimism-more": _optimism_more,
}
