"""Agreement with people: the figures are the textbook's, and bad tables are told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.metrics import cohen_kappa_score

from grader import agreement
from grader.agreement import figures, paired, quadratic_kappa
from grader.cli.main import cli
from grader.errors import AgreementError

_pairs = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=30).map(
    lambda rows: np.array(rows, float)
)


@given(_pairs)
def test_quadratic_kappa_is_that_of_the_confusion_matrix(pairs: np.ndarray) -> None:
    assume(len(np.unique(pairs)) > 1)
    wanted = cohen_kappa_score(
        pairs[:, 0].astype(int), pairs[:, 1].astype(int), weights="quadratic", labels=range(21)
    )
    assert quadratic_kappa(pairs) == pytest.approx(wanted)


@given(_pairs)
def test_kappa_and_correlation_are_those_of_the_libraries(pairs: np.ndarray) -> None:
    assume(pairs[:, 0].std() > 0 and pairs[:, 1].std() > 0)
    assert agreement.kappa(pairs) == pytest.approx(cohen_kappa_score(*pairs.astype(int).T))
    assert agreement.correlation(pairs) == pytest.approx(pearsonr(*pairs.T).statistic)


def test_a_constant_bonus_is_a_mean_difference_and_costs_kappa_but_no_correlation() -> None:
    human = np.array([10.0, 30, 50, 70])
    pairs = np.column_stack([human, human + 10])
    assert agreement.correlation(pairs) == pytest.approx(1)
    assert agreement.mean_difference(pairs) == pytest.approx(10 / human.std(ddof=1))
    assert quadratic_kappa(pairs) == pytest.approx(1 - 100 / (500 + 500 + 100))


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """Twelve reviews; ours are two points higher, one has no score of a person, one failed."""
    rows = [(f"ex{n % 3}", f"c{n}", 8 * n) for n in range(12)]
    results = tmp_path / "results"
    results.mkdir()
    ours = pd.DataFrame(rows, columns=["exercise", "candidate", "score"])
    ours["score"] += 2
    ours["band"] = ["not shown"] * 4 + ["mixed"] * 4 + ["solid"] * 3 + ["needs human"]
    ours.loc[len(ours)] = ["ex0", "broken", None, None]
    ours.to_csv(results / "scores.csv", index=False)
    human = pd.DataFrame(rows[1:], columns=["exercise", "candidate", "score"])
    human["band"] = ["Not shown"] * 4 + ["mixed"] * 4 + ["solid"] * 3
    human["author"] = ["a", "b"] * 5 + ["c"]
    human.to_csv(tmp_path / "human.csv", index=False)
    return results, tmp_path / "human.csv"


def test_rows_that_both_scored_are_compared(tables: tuple[Path, Path]) -> None:
    both = paired(*tables)
    assert len(both) == 11
    assert (both["machine"] - both["score"] == 2).all()
    found = {figure.name: figure for figure in figures(both, 200)}
    assert found["mean absolute difference, points"].value == 2
    assert found["Pearson correlation"].value == pytest.approx(1)
    assert found["same band"].value == pytest.approx(8 / 10), "'needs human' is not compared"
    assert found["same or next band"].passes
    for figure in found.values():
        assert figure.low <= figure.value <= figure.high or figure.name == "kappa of bands"


def test_the_same_tables_give_the_same_intervals(tables: tuple[Path, Path]) -> None:
    both = paired(*tables)
    assert figures(both, 100) == figures(both, 100)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exercise,candidate\nex1,c1\n", "no column score"),
        ("exercise,candidate,score\nex1,c1,ten\nex2,c2,101\n", "row 2: 'ten'\n  row 3: '101'"),
        ("exercise,candidate,score\nex1,c1,5\nex1,c1,6\n", "ex1 of c1 stands twice"),
        ("exercise,candidate,score\nex1,c1,5\n", "shares 1 submissions"),
        ("", "is no CSV table"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    tables: tuple[Path, Path], text: str, told: str
) -> None:
    tables[1].write_text(text)
    with pytest.raises(AgreementError) as error:
        paired(*tables)
    assert told in str(error.value)


def test_an_unknown_band_and_an_unknown_column_are_told(tables: tuple[Path, Path]) -> None:
    both = paired(*tables)
    with pytest.raises(AgreementError, match="'superb' is none; there are not shown, mixed"):
        figures(both.assign(band="superb"), 10)
    with pytest.raises(AgreementError, match="no column reader; there are exercise"):
        agreement.groups(both, ["reader"])


def test_the_command_prints_each_group_and_says_what_passes(tables: tuple[Path, Path]) -> None:
    call = ["agreement", *map(str, tables), "--by", "author"]
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 0, result.output
    assert "all: 11 submissions" in result.output
    assert "author = a: 5 submissions" in result.output
    assert "1 groups of a single submission are left out" in result.output
    assert "at least 0.7" in result.output
    assert CliRunner().invoke(cli, [*call, "--json"]).output.startswith("[")
