"""What holds for every kind of flaw and every decoy, by their own examples."""

import libcst as cst
import pytest

from grader import catalog
from seeded_bugs.contract import Example, Refusal, SeededBug, SeededDecoy, sow

Kind = SeededBug | SeededDecoy
KINDS: dict[str, Kind] = {**catalog.bugs(), **catalog.decoys()}
EXAMPLES = [
    pytest.param(kind, example, id=f"{name}-{number}")
    for name, kind in KINDS.items()
    for number, example in enumerate(kind.examples, start=1)
]
REFUSALS = [
    pytest.param(kind, refusal, id=f"{name}: {refusal.because}")
    for name, kind in KINDS.items()
    for refusal in kind.refuses
]
ALL = ("main", "trace", "support")


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_a_clean_example_becomes_its_seeded_example(kind: Kind, example: Example) -> None:
    module = cst.parse_module(example.clean)
    site = list(kind.find(module))[example.site]
    assert sow(module, site, ALL).code == example.seeded


@pytest.mark.parametrize(("kind", "refusal"), REFUSALS)
def test_a_refused_text_offers_no_site(kind: Kind, refusal: Refusal) -> None:
    assert list(kind.find(cst.parse_module(refusal.text))) == []


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_a_seeded_text_offers_no_site(kind: Kind, example: Example) -> None:
    """Unless the example shows one of several sites: then one fewer is left."""
    before = len(list(kind.find(cst.parse_module(example.clean))))
    assert len(list(kind.find(cst.parse_module(example.seeded)))) == before - 1


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_examples_refusals_and_words(name: str) -> None:
    kind = KINDS[name]
    assert kind.examples
    assert kind.refuses
    assert kind.entry.name == name
    if isinstance(kind, SeededBug):
        assert len(kind.entry.said_well) >= 4
        assert len(kind.entry.near_misses) >= 2
    else:
        assert len(kind.entry.said_badly) >= 3


@pytest.mark.parametrize("name", catalog.bugs())
def test_conflicts_and_exclusions_name_known_kinds(name: str) -> None:
    assert set(catalog.bugs()[name].entry.conflicts) <= set(catalog.bugs())
