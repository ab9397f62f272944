"""Optimism: a report is too good beside fresh rows, beside the twin's, clearly or not at all."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.prove.groups import FRESH_ROWS, REPLICATES, fresh_table, unlabelled
from grader.prove.material import Material
from grader.prove.oracles import optimism
from grader.prove.oracles.optimism import FIGURES, Gap, Measured, find, measured
from grader.scenarios.library import scenario, scenario_names
from grader.stream import Stream

Serve = Callable[[pd.DataFrame, int], pd.DataFrame]


class Stub:
    """A trial of a program whose report and predictions are given; it counts what is run."""

    def __init__(
        self, name: str, reported: float, serve: Serve, twin: "Stub | None" = None
    ) -> None:
        folder = scenario(name)
        self.material = Material(folder.facts, folder.make, Stream(b"stub", "prove"), folder.beside)
        self.reported, self.serve = reported, serve
        self.twin = twin or self
        self.asked: list[str] = []

    def ask_for(self, groups: list[str]) -> None:
        self.asked += groups

    def run(self, name: str) -> SimpleNamespace:
        group, number, way = name.split("/")
        self.asked.append(group)
        report = {self.material.facts.metric: self.reported}
        fresh = fresh_table(self.material, int(number))
        served = self.serve(fresh, int(number)) if way == "serve" else None
        return SimpleNamespace(sound=True, report=report, served=served)


def scores(right: float) -> Serve:
    """Return a server whose score follows the outcome so far, with noise of its own."""

    def serve(fresh: pd.DataFrame, number: int) -> pd.DataFrame:
        noise = np.random.default_rng(number).normal(size=len(fresh))
        score = right * fresh["churned"].to_numpy() + noise
        return pd.DataFrame({"customer_id": fresh["customer_id"], "score": score})

    return serve


def test_a_report_above_what_fresh_rows_give_is_found_with_both_figures() -> None:
    honest = Stub("churn", 0.76, scores(1))
    (finding,) = find(Stub("churn", 0.93, scores(0.5), honest))  # type: ignore[arg-type]
    assert finding.aspect == "optimistic"
    assert not finding.lines
    assert "reported roc_auc 0.930, on 51," in finding.observed
    assert "fresh rows 0.6" in finding.observed
    assert "the clean program reports 0.760 and gets 0.7" in finding.observed


def test_a_poor_program_that_says_so_is_not_optimistic() -> None:
    honest = Stub("churn", 0.76, scores(1))
    assert find(Stub("churn", 0.60, scores(0.5), honest)) == []  # type: ignore[arg-type]


def test_a_clean_program_is_its_own_measure() -> None:
    assert find(Stub("churn", 0.99, scores(0))) == []  # type: ignore[arg-type]


def test_what_changes_no_figure_costs_one_replicate() -> None:
    honest = Stub("churn", 0.76, scores(1))
    same = Stub("churn", 0.76, scores(1), honest)
    assert find(same) == []  # type: ignore[arg-type]
    assert "optimism-more" not in same.asked


def test_served_rows_count_under_their_keys_in_any_order() -> None:
    def turned(fresh: pd.DataFrame, number: int) -> pd.DataFrame:
        return scores(1)(fresh, number).iloc[::-1]

    one, other = (measured(Stub("churn", 0.7, s), 0) for s in (scores(1), turned))  # type: ignore[arg-type]
    assert one == other


@pytest.mark.parametrize(
    "broken",
    [
        lambda t: t.rename(columns={"score": "other"}),
        lambda t: t.drop(columns="customer_id"),
        lambda t: t.head(len(t) // 2),
        lambda t: t.assign(score="high"),
    ],
    ids=["another column", "no key", "half the rows", "no number"],
)
def test_predictions_that_cannot_be_read_give_no_verdict(
    broken: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    serve = Stub("churn", 0.7, lambda fresh, n: broken(scores(1)(fresh, n)))
    assert measured(serve, 0) is None  # type: ignore[arg-type]


def test_a_report_without_the_figure_gives_no_verdict() -> None:
    quiet = Stub("churn", "0.7", scores(1))  # type: ignore[arg-type]
    assert measured(quiet, 0) is None  # type: ignore[arg-type]


def gap(mean: float, error: float) -> Gap:
    some = tuple(Measured(0.5, 0.5, 10) for _ in range(REPLICATES))
    return Gap(mean, error, some, some)


def test_a_gap_counts_only_if_it_is_large_and_clear_of_chance() -> None:
    assert gap(0.05, 0.005).clear
    assert not gap(0.014, 0.0001).clear
    assert not gap(0.05, 0.01).clear  # 5.5 standard errors of six replicates


@given(
    st.lists(st.floats(0.3, 0.9), min_size=REPLICATES, max_size=REPLICATES),
    st.floats(-0.2, 0.2),
)
def test_a_shift_of_the_report_is_the_gap_in_units_of_the_score(
    fresh: list[float], shift: float
) -> None:
    there = tuple(Measured(f, f, 100) for f in fresh)
    here = tuple(Measured(f + shift, f, 100) for f in fresh)
    made = optimism._compared("roc_auc", here, there)
    assert made.mean == pytest.approx(shift, abs=1e-12)
    assert made.error == pytest.approx(0, abs=1e-12)


def test_an_error_that_is_reported_too_small_counts_as_part_of_the_clean_error() -> None:
    there = tuple(Measured(20.0, 20.0, 100) for _ in range(REPLICATES))
    here = tuple(Measured(15.0, 25.0, 100) for _ in range(REPLICATES))
    assert optimism._compared("mae", here, there).mean == pytest.approx(0.5)


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_says_what_is_judged_and_gives_enough_fresh_rows(name: str) -> None:
    folder = scenario(name)
    facts = folder.facts
    assert facts.prediction
    assert (facts.judged_by or facts.metric) in FIGURES
    assert facts.prediction in folder.program
    material = Material(facts, folder.make, Stream(b"rows", "prove"), folder.beside)
    fresh = fresh_table(material, 0)
    assert len(fresh) * REPLICATES >= 50_000
    assert len(fresh) < FRESH_ROWS
    empty = unlabelled(material, fresh)
    assert empty[list(facts.late_columns)].isna().all(axis=None)
    assert empty.drop(columns=list(facts.late_columns)).equals(
        fresh.drop(columns=list(facts.late_columns))
    )
