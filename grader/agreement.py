"""How well scores agree with those of people: the figures of an essay-scoring evaluation.

D. M. Williamson, X. Xi, F. J. Breyer (2012), "A framework for evaluation and use of automated
scoring", Educational Measurement: Issues and Practice 31(1): weighted kappa and correlation of at
least .70, a standardised mean difference of at most .15.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from grader.errors import AgreementError
from grader.stream import Stream, derive

RESAMPLES = 2_000
BANDS = ("not shown", "mixed", "solid", "strong")
_WHO = ["exercise", "candidate"]


@dataclass(frozen=True)
class Figure:
    """A figure, the middle 95 % of its bootstrap distribution, and the bar it has to pass.

    NaN where a figure is not defined, such as a correlation with scores that are all alike.
    """

    name: str
    value: float
    low: float
    high: float
    least: float | None = None
    most: float | None = None

    @property
    def passes(self) -> bool | None:
        """Whether it passes its bar; None without one."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (
            self.most is None or abs(self.value) <= self.most
        )


def paired(results: Path, human: Path) -> pd.DataFrame:
    """Return one row a submission that both have scored.

    Args:
        results: a results folder, or its ``scores.csv``.
        human: a table with ``exercise``, ``candidate``, ``score`` (0 to 100), and if you like
            ``band`` and other columns.

    Returns:
        The human table, with ``machine`` (and ``machine_band``) beside each row.

    Raises:
        AgreementError: if a table cannot be read, or they share fewer than two submissions.
    """
    ours = _table(results / "scores.csv" if results.is_dir() else results)
    theirs = _table(human)
    theirs["score"] = _numbers(theirs, human)
    twice = theirs.duplicated(_WHO)
    if twice.any():
        row = theirs.loc[twice, _WHO].iloc[0]
        raise AgreementError(f"{human}: {row.exercise} of {row.candidate} stands twice; keep one")
    scored = ours[ours["score"] != ""]
    machine = scored[[*_WHO, "score", "band"]].drop_duplicates(_WHO, keep="last")
    machine = machine.rename(columns={"score": "machine", "band": "machine_band"})
    both = theirs.merge(machine, on=_WHO)
    if len(both) < 2:
        raise AgreementError(
            f"{human}: shares {len(both)} submissions with {results}; "
            "exercise and candidate must be written as in scores.csv"
        )
    both["machine"] = both["machine"].astype(float)
    return both


def figures(both: pd.DataFrame, resamples: int = RESAMPLES) -> list[Figure]:
    """Return the figures over all rows of :func:`paired`, with bootstrap intervals.

    Bands are compared where both recommend one; "needs human" is none.

    Raises:
        AgreementError: if a person's band is unknown.
    """
    scores = both[["score", "machine"]].to_numpy(float)
    found = [
        _figure("quadratic weighted kappa", scores, quadratic_kappa, resamples, least=0.70),
        _figure("Pearson correlation", scores, correlation, resamples, least=0.70),
        _figure("standardised mean difference", scores, mean_difference, resamples, most=0.15),
        _figure("mean absolute difference, points", scores, absolute_difference, resamples),
    ]
    given = both[both["machine_band"].isin(BANDS)] if "band" in both else both[:0]
    if len(given) > 1:
        bands = np.array([[_place(b) for b in given[name]] for name in ("band", "machine_band")]).T
        found += [
            _figure("same band", bands, _exact, resamples),
            _figure("same or next band", bands, _adjacent, resamples, least=0.95),
            _figure("kappa of bands", bands, kappa, resamples),
        ]
    return found


def quadratic_kappa(pairs: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights of two columns of numbers.

    With these weights it needs no bins: 1 - E(a - b)^2 / (var a + var b + (mean a - mean b)^2).
    """
    a, b = pairs[:, 0], pairs[:, 1]
    chance = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    return float(1 - ((a - b) ** 2).mean() / chance) if chance else float("nan")


def correlation(pairs: np.ndarray) -> float:
    """Return Pearson's r of two columns."""
    a, b = (pairs - pairs.mean(0)).T
    spread = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / spread) if spread else float("nan")


def mean_difference(pairs: np.ndarray) -> float:
    """Return how much higher the second column is, in pooled standard deviations."""
    pooled = np.sqrt(pairs.var(0, ddof=1).mean())
    difference = pairs[:, 1].mean() - pairs[:, 0].mean()
    return float(difference / pooled) if pooled else float("nan")


def absolute_difference(pairs: np.ndarray) -> float:
    """Return the mean distance of two columns."""
    return float(np.abs(pairs[:, 0] - pairs[:, 1]).mean())


def kappa(pairs: np.ndarray) -> float:
    """Return Cohen's kappa of two columns of classes."""
    classes = np.unique(pairs)
    chance = sum(float(np.prod((pairs == c).mean(0))) for c in classes)
    same = float((pairs[:, 0] == pairs[:, 1]).mean())
    return (same - chance) / (1 - chance) if chance < 1 else float("nan")


def _exact(pairs: np.ndarray) -> float:
    return float((pairs[:, 0] == pairs[:, 1]).mean())


def _adjacent(pairs: np.ndarray) -> float:
    return float((np.abs(pairs[:, 0] - pairs[:, 1]) <= 1).mean())


def _figure(
    name: str,
    pairs: np.ndarray,
    measure: Callable[[np.ndarray], float],
    resamples: int,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Return a figure with the percentile interval of its bootstrap over submissions."""
    seed = Stream(derive(b"agreement", name), "bootstrap").below(2**32)
    rows = np.random.default_rng(seed).integers(0, len(pairs), (resamples, len(pairs)))
    values = np.array([measure(pairs[picked]) for picked in rows])
    values = values[~np.isnan(values)]
    low, high = np.quantile(values, [0.025, 0.975]) if len(values) else (np.nan, np.nan)
    return Figure(name, measure(pairs), float(low), float(high), least, most)


def _place(band: str) -> int:
    """Return the place of a band in their order."""
    word = band.strip().casefold()
    if word not in BANDS:
        raise AgreementError(f"band: {band!r} is none; there are {', '.join(BANDS)}")
    return BANDS.index(word)


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise AgreementError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise AgreementError(f"{path}: is no CSV table ({error})") from error
    missing = [name for name in (*_WHO, "score") if name not in table]
    if missing:
        raise AgreementError(
            f"{path}: has no column {', '.join(missing)}; "
            "the first row must name exercise, candidate and score"
        )
    return table


def _numbers(table: pd.DataFrame, path: Path) -> pd.Series:
    """Return the scores as numbers; every cell that is none is told."""
    numbers = pd.to_numeric(table["score"], errors="coerce")
    wrong = table[~numbers.between(0, 100)]
    if len(wrong):
        cells = [f"  row {n + 2}: {table['score'][n]!r}" for n in map(int, wrong.index)]
        raise AgreementError("\n".join([f"{path}: a score is a number from 0 to 100", *cells[:20]]))
    return numbers


def groups(both: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each value of columns of the human table.

    Raises:
        AgreementError: if there is no such column.
    """
    missing = [name for name in by if name not in both]
    if missing:
        there = ", ".join(both.columns)
        raise AgreementError(f"there is no column {', '.join(missing)}; there are {there}")
    return [(f"{name} = {value}", rows) for name in by for value, rows in both.groupby(name)]
