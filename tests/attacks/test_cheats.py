"""The attacks of the gaming benchmark on two exercises: none earns more than it may."""

import pytest

from cheats import rows, twins
from cheats.climb import Move, climb, review
from cheats.desk import Desk, scored
from grader.keyring import Keyring
from grader.match.corpus import load

EXERCISES = ["th4fr8ch7h", "648grnmqwz"]
# What loses now and then, in few words of strangers, is measured by the benchmark alone.
SURE = [t for t in twins.TWINS if t.number not in (6, 8, 14)]


@pytest.fixture(scope="module")
def desks(request):
    root = request.config.rootpath
    ring, remarks = Keyring(root / "answer_keys"), load()
    return [Desk(ring.get(name), remarks, n) for n, name in enumerate(EXERCISES)]


@pytest.mark.parametrize("row", rows.ROWS, ids=lambda row: row.name)
def test_no_attack_earns_more_than_it_may(desks, row):
    told = scored([(desk.key, made) for desk in desks for made in row.reviews(desk)])
    if row.measure == "change":
        earned = [t.points - plain.points for plain, t in zip(told[::2], told[1::2], strict=True)]
    else:
        earned = [one.best if row.measure == "flaw" else one.points for one in told]
    assert len(earned) >= 2 * len(desks)
    assert max(earned) <= row.most


@pytest.mark.parametrize("twin", SURE, ids=lambda twin: twin.name)
def test_no_honest_twin_loses_a_point(desks, twin):
    pairs = [(desk, *pair) for desk in desks for pair in twin.pairs(desk)]
    honest = scored([(desk.key, plain) for desk, plain, _ in pairs])
    told = scored([(desk.key, like) for desk, _, like in pairs])
    assert pairs
    assert max(a.found - b.found for a, b in zip(honest, told, strict=True)) <= 1


def test_the_honest_review_has_nearly_all(desks):
    assert all(one.points > 95 for one in scored([(d.key, d.honest) for d in desks]))


def test_a_climber_keeps_what_scores_and_pastes_it_anywhere(desks):
    phrases = [desks[0].items[0].said_well[0], "This is fine."]
    policy, best = climb(desks[:1], phrases, 60)
    assert all(isinstance(move, Move) for move in policy)
    (again,) = scored([(desks[0].key, review(policy, desks[0]))])
    assert again.points == pytest.approx(best)
    places = [c.line for c in review(policy, desks[1]) if c.line]
    assert all(1 <= line <= len(desks[1].lines) for line in places)
