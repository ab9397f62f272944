"""Every kind of flaw and every decoy in every scenario that offers it a site."""

import ast

import libcst as cst
import pytest

from grader import catalog
from grader.generate.exercise import fitting, fitting_decoys
from grader.generate.mess.mess import laid_out
from grader.generate.sow import Bed, sow_site
from grader.prove.run import check_runs
from grader.scenarios.library import scenario, scenario_names
from grader.spans import split_lines
from seeded_bugs.contract import SeededBug, SeededDecoy

KINDS: dict[str, SeededBug | SeededDecoy] = {**catalog.bugs(), **catalog.decoys()}
PAIRS = [
    pytest.param(kind, name, id=f"{kind} in {name}")
    for name in scenario_names()
    for kind in (*fitting(name), *fitting_decoys(name))
]
# A fixed sample for every change: each scenario with a kind that touches training and serving. The
# sample of proofs runs other pairs, and looks closer.
SAMPLE = frozenset({"duplicated_code"})
RUNS = [
    pytest.param(
        *pair.values, id=pair.id, marks=[pytest.mark.sample] if pair.values[0] in SAMPLE else []
    )
    for pair in PAIRS
]


def sown(kind: str, name: str) -> tuple[str, Bed]:
    clean = scenario(name).program
    module = cst.parse_module(clean)
    site = next(iter(KINDS[kind].find(module)))
    result = sow_site(Bed(clean), kind, module, site)
    assert result is not None
    bed, flaw = result
    return clean, Bed(bed.text, (flaw,))


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_the_seeded_program_parses_and_differs_on_the_lines_of_the_flaw(
    kind: str, name: str
) -> None:
    """Lines outside the flaw are old lines, or plumbing that no reviewer is asked about."""
    clean, bed = sown(kind, name)
    ast.parse(bed.text)
    assert bed.text != clean
    flaw = bed.flaws[0]
    lines = split_lines(bed.text)
    assert flaw.main
    assert all(1 <= s.start <= s.end <= len(lines) for s in flaw.spans())
    owned = {n for s in flaw.spans() for n in range(s.start, s.end + 1)}
    old = {line.strip() for line in split_lines(clean)}
    strangers = [
        line for n, line in enumerate(lines, 1) if n not in owned and line.strip() not in old
    ]
    assert len(strangers) <= 6, strangers


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), RUNS)
def test_the_seeded_program_trains_and_predicts(kind: str, name: str) -> None:
    _, bed = sown(kind, name)
    folder = scenario(name)
    data = f"data/{folder.facts.data_file}"
    table = folder.make(11, folder.facts.sample_rows).to_csv(index=False).encode()
    program = laid_out(bed).text.encode()
    check_runs({**folder.beside, "program.py": program, data: table}, data)


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_takes_at_least_twelve_kinds(name: str) -> None:
    assert len(fitting(name)) >= 12


@pytest.mark.parametrize("kind", catalog.bugs())
def test_a_kind_fits_at_least_two_scenarios(kind: str) -> None:
    assert sum(kind in fitting(name) for name in scenario_names()) >= 2


def test_every_category_has_a_kind() -> None:
    from seeded_bugs.words import CATEGORIES

    assert {b.entry.category for b in catalog.bugs().values()} == set(CATEGORIES)
