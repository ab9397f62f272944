"""The catalogue as a whole: the page, the ids that are for ever, the texts."""

import ast
from pathlib import Path

import pytest

import seeded_bugs
from grader import catalog
from grader.generate.exercise import fitting, fitting_decoys, fitting_kinds
from grader.scenarios.library import scenario, scenario_names
from seeded_bugs.catalogue import PAGE, page

KIND_FILES = [
    path
    for path in sorted(Path(seeded_bugs.__file__).parent.glob("*.py"))
    if path.stem not in ("__init__", "catalogue")
]
FITS = {name: {*fitting(name), *fitting_decoys(name)} for name in scenario_names()}
REFUSED = {name: scenario(name).facts.refuses for name in scenario_names()}
# Ids that were ever given. An id is added here with its kind and never leaves.
IDS = Path(__file__).with_name("ids.txt").read_text("utf-8").split()


def test_the_catalogue_page_is_fresh() -> None:
    """Remake it with ``grader catalog --page``."""
    assert PAGE.read_text("utf-8") == page(catalog.bugs(), catalog.decoys(), FITS, REFUSED)


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name]])
def test_a_scenario_refuses_what_would_fit(name: str) -> None:
    assert set(REFUSED[name]) <= set(fitting_kinds(scenario(name).program))
    assert not set(REFUSED[name]) & set(fitting(name))


@pytest.mark.parametrize("name", catalog.bugs())
def test_a_kind_fits_three_scenarios_or_more(name: str) -> None:
    assert sum(name in fits for fits in FITS.values()) >= 3


@pytest.mark.parametrize("scenario", FITS)
def test_a_scenario_takes_twenty_kinds_or_more(scenario: str) -> None:
    assert len(FITS[scenario] & set(catalog.bugs())) >= 20


def test_ids_are_for_ever() -> None:
    given = [b.entry.id for b in catalog.bugs().values()]
    given += [d.entry.id for d in catalog.decoys().values()]
    assert sorted(given) == sorted(IDS)


@pytest.mark.parametrize("name", catalog.bugs())
def test_an_entry_is_written_for_a_person(name: str) -> None:
    entry = catalog.bugs()[name].entry
    for text in (entry.wrong, entry.harm, entry.fix, *entry.said_well):
        assert text == text.strip()
        assert text[-1] in ".?!"
    assert len(set(entry.said_well)) == len(entry.said_well)
    assert all(url.startswith("https://") for url in entry.references)


@pytest.mark.parametrize("path", KIND_FILES, ids=lambda p: p.stem)
def test_kinds_know_neither_each_other_nor_the_grader(path: Path) -> None:
    allowed = ("seeded_bugs.contract", "seeded_bugs.words", "seeded_bugs.syntax")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("seeded_bugs", "grader")
        ):
            assert (node.module or "").startswith(allowed)
