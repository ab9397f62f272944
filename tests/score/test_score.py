"""The properties that every score has."""

from typing import NamedTuple, get_args

from hypothesis import given
from hypothesis import strategies as st

from grader.records.verdict import CommentVerdict
from seeded_bugs.words import CATEGORIES, SEVERITIES

WRONG = ("contradicted", "generic")
UNTAKEN = tuple(v for v in get_args(CommentVerdict) if v not in ("hit", "near-miss"))


class Row(NamedTuple):
    category: str
    severity: str
    credit: int
    why: bool
    fix: bool


rows = st.builds(
    Row,
    st.sampled_from(CATEGORIES),
    st.sampled_from(SEVERITIES),
    st.sampled_from([0, 0, 300, 500, 1000]),
    st.booleans(),
    st.booleans(),
)
forms = st.lists(rows, min_size=1, max_size=14)
noises = st.dictionaries(st.sampled_from(UNTAKEN), st.integers(0, 8), max_size=4)
decoy_counts = st.integers(0, 8)


def flaws_of(flaw, form):
    return [flaw(*row) for row in form]


@given(forms, noises, decoy_counts, st.randoms())
def test_the_order_of_comments_changes_no_point(judge, scored, flaw, form, noise, decoys, random):
    given_order = judge(flaws_of(flaw, form), noise, decoys)
    comments = list(given_order.comments)
    random.shuffle(comments)
    new = {comment.index: position for position, comment in enumerate(comments)}
    shuffled = given_order.model_copy(
        update={
            "comments": tuple(c.model_copy(update={"index": new[c.index]}) for c in comments),
            "items": tuple(
                item.model_copy(update={"comment": new.get(item.comment)})
                for item in given_order.items
            ),
        }
    )
    one, other = scored(given_order), scored(shuffled)
    assert one.model_dump(exclude={"flags"}) == other.model_dump(exclude={"flags"})
    assert [(f.name, f.raised) for f in one.flags] == [(f.name, f.raised) for f in other.flags]


@given(forms, noises, decoy_counts, st.integers(0, 13), st.booleans(), st.booleans())
def test_a_right_comment_more_never_lowers_detection_nor_the_score(
    judge, scored, flaw, form, noise, decoys, at, why, fix
):
    flaws = flaws_of(flaw, form)
    at %= len(flaws)
    before = scored(judge(flaws, noise, decoys))
    if flaws[at].credit:
        return
    flaws[at] = flaws[at]._replace(credit=1000, why=why, fix=fix)
    after = scored(judge(flaws, noise, decoys))
    assert after.detection > before.detection
    # Each of three parts is rounded down to a thousandth.
    assert after.score >= before.score - 2


@given(forms, noises, decoy_counts, st.sampled_from(WRONG), st.integers(1, 9))
def test_a_wrong_comment_more_raises_nothing(
    judge, scored, flaw, form, noise, decoys, verdict, more
):
    flaws = flaws_of(flaw, form)
    before = scored(judge(flaws, noise, decoys))
    after = scored(judge(flaws, noise | {verdict: noise.get(verdict, 0) + more}, decoys))
    for name in ("score", "detection", "explanation", "judgement"):
        assert getattr(after, name) <= getattr(before, name)
    assert after.interval.low <= before.interval.low
    assert after.interval.high <= before.interval.high
    assert after.subscores == tuple(
        b if b.name != "communication" else b.model_copy(update={"points": after.explanation})
        for b in before.subscores
    )
    red = {f.name for f in before.flags if f.colour == "red" and f.raised}
    assert red <= {f.name for f in after.flags if f.raised}


@given(forms, noises, decoy_counts, st.integers(1, 9))
def test_duplicates_change_nothing(judge, scored, flaw, form, noise, decoys, more):
    flaws = flaws_of(flaw, form)
    noise = {v: n for v, n in noise.items() if v != "duplicate"}
    before = scored(judge(flaws, noise, decoys))
    after = scored(judge(flaws, {**noise, "duplicate": more}, decoys))
    assert before == after


@given(forms, decoy_counts)
def test_an_empty_submission_scores_nothing(judge, scored, flaw, form, decoys):
    empty = scored(judge([f._replace(credit=0) for f in flaws_of(flaw, form)], {}, decoys))
    assert (empty.score, empty.interval.low, empty.band) == (0, 0, "not shown")


@given(forms, decoy_counts)
def test_all_found_and_explained_is_everything(judge, scored, flaw, form, decoys):
    flaws = [f._replace(credit=1000, why=True, fix=True) for f in flaws_of(flaw, form)]
    full = scored(judge(flaws, {}, decoys))
    assert (full.score, full.interval.high) == (100_000, 100_000)


@given(forms, noises, decoy_counts)
def test_the_score_lies_in_its_interval_and_is_the_sum_of_its_parts(
    judge, scored, flaw, form, noise, decoys
):
    result = scored(judge(flaws_of(flaw, form), noise, decoys))
    assert result.score == result.detection + result.explanation + result.judgement
    assert 0 <= result.interval.low <= result.score <= result.interval.high <= 100_000


@given(forms, noises, decoy_counts)
def test_the_same_verdicts_give_the_same_bytes(judge, scored, flaw, form, noise, decoys):
    verdicts = judge(flaws_of(flaw, form), noise, decoys)
    assert scored(verdicts).canonical() == scored(verdicts).canonical()


def test_severity_weighs_detection(judge, scored, flaw):
    one_critical = judge([flaw(credit=1000), flaw(severity="major"), flaw(severity="minor")])
    assert scored(one_critical).detection == 60_000 * 5 // 9


def test_a_near_miss_earns_at_most_the_cap(judge, scored, flaw):
    generous = judge([flaw(credit=900)])
    assert scored(generous).detection == 30_000


def test_one_lucky_hit_among_many_explains_little(judge, scored, flaw):
    lucky = scored(judge([flaw(credit=1000), *[flaw()] * 9]))
    assert (lucky.explanation, lucky.judgement) == (4_000, 4_000)


def test_why_is_worth_more_than_fix_and_a_name_alone_nothing(judge, scored, flaw):
    def explanation(why, fix):
        return scored(judge([flaw(credit=1000, why=why, fix=fix)])).explanation

    told = (explanation(False, False), explanation(False, True), explanation(True, False))
    assert told == (0, 8_000, 12_000)


def test_a_contradicted_comment_costs_one_decoy_of_judgement(judge, scored, flaw):
    assert scored(judge([flaw(credit=1000)], {"contradicted": 1}, decoys=5)).judgement == 16_000


def test_the_same_decoy_taken_twice_is_one_mistake(judge, scored, flaw):
    wrong = {"verdict": "contradicted", "item": "D1"}
    once = scored(judge([flaw(credit=1000)], further=[wrong]))
    twice = scored(judge([flaw(credit=1000)], further=[wrong, wrong]))
    assert once.judgement == twice.judgement < 20_000


def test_a_decoy_claimed_beside_a_hit_in_one_comment_costs_too(judge, scored, flaw):
    hidden = judge([flaw(credit=1000)])
    both = hidden.comments[0].model_copy(update={"also": ("F1", "D1")})
    assert scored(hidden.model_copy(update={"comments": (both,)})).judgement == 15_000


def test_forty_specific_comments_beside_the_key_cost_nothing(judge, scored, flaw):
    busy = scored(judge([flaw(credit=1000)], {"valid-unlisted": 40, "style": 20}))
    assert busy.score == 100_000


def test_comments_over_the_budget_are_noise(judge, scored, flaw):
    over = scored(judge([flaw(credit=1000)], {"valid-unlisted": 60, "style": 22}))
    assert over.judgement == 20_000 * 38 // 40


def test_a_category_that_is_not_keyed_has_no_subscore(judge, scored, flaw):
    subs = {s.name: s.points for s in scored(judge([flaw(credit=1000)])).subscores}
    assert (subs["statistical validity"], subs["serving"]) == (5_000, None)


def test_the_arithmetic_ends_in_the_score(judge, scored, flaw):
    result = scored(judge([flaw(credit=1000), flaw(credit=500, fix=False), flaw()], {"generic": 1}))
    assert result.arithmetic[-1] == "Score: 30.000 + 17.333 + 18.750 = 66.083 of 100."
    assert result.score == 66_083
