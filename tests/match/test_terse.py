"""Fragments, summaries and approving words that are none: what is said is what counts."""

import pytest

STRATIFY, CONSTANT = "unstratified_split", "missing_filled_with_zero"

POINTS = (
    "the scaler is fitted before the split, so test rows leak into training",
    "there is no cross-validation",
    "the path is hardcoded",
    "an exception is swallowed",
    "accuracy misleads for imbalanced classes",
    "missing values are filled with zero",
    "library versions are not stored with the model, so it is not reproducible",
)


@pytest.mark.parametrize(
    "text", ["3 % positives, pass stratify=y.", "split: no stratify. Stratify."]
)
def test_fragments_that_name_the_flaw_are_a_claim_at_its_place(verdict_of, text):
    assert verdict_of(STRATIFY, text) == "hit"


def test_the_same_fragments_elsewhere_are_words(desk):
    line = desk.items["hardcoded_path"].places[0].lines.start
    verdict = desk.one(desk.on(line, "3 % positives, pass stratify=y."))
    assert verdict.verdict == "generic"
    assert verdict.item is None


@pytest.mark.parametrize(
    "text",
    [
        "split stratify rare class fold seed",
        "leak scaler fit test split seed. leak scaler fit test split seed. path fold metric",
    ],
)
def test_a_list_of_words_is_no_claim_at_any_place(desk, text):
    assert desk.share(desk.judge(*(desk.at(kind, text) for kind in desk.items))) == 0


def test_a_nice_figure_is_no_praise(desk):
    text = "The zero fill makes empty rows look like real ones, so all the nice scores are wrong."
    assert desk.one(desk.at(CONSTANT, text)).verdict == "hit"
    assert desk.one(desk.at(CONSTANT, "All nice, this is good.")).verdict == "empty"


def test_a_summary_of_what_was_found_is_neutral_and_a_pasted_list_is_not(desk):
    found = [desk.at(item.kind, item.said_well[0]) for item in desk.key.items]
    pasted = desk.on(None, f"My main points: {'; '.join(POINTS)}")
    alone, summed = desk.judge(pasted), desk.judge(*found, pasted)
    assert alone.comments[0].verdict == "generic"
    assert summed.comments[-1].verdict == "duplicate"
    assert desk.share(summed) == desk.share(desk.judge(*found)) == 1000


def test_an_unused_name_is_a_nit_and_a_swallowed_exception_is_none(verdict_of):
    kind = "failed_prediction_defaulted"
    assert (
        verdict_of(kind, "`except Exception as e:` and e isn't used, drop the `as e`.") == "style"
    )
    told = "The exception e isn't used or logged, a failed row silently becomes 0.0."
    assert verdict_of(kind, told) == "hit"


def test_a_long_question_that_names_the_flaw_tells_it_and_a_bare_one_asks(desk):
    kind = "scaler_fitted_before_split"
    told = "How can the score be honest when the scaler has met every test row before the split?"
    assert desk.items[kind].id == desk.one(desk.at(kind, told)).item
    assert desk.one(desk.at(kind, told)).verdict == "hit"
    assert desk.one(desk.at(kind, "Is the scaler ok here?")).verdict != "hit"


def test_a_right_remark_that_is_taken_back_costs_nothing_of_another(desk):
    far = desk.on(2, desk.items["scaler_fitted_before_split"].said_well[0])
    asks = desk.on(2, "Refitting on everything for deployment is fine, but is it done too early?")
    line = desk.items[CONSTANT].places[0].lines.start
    fine, right = (
        desk.on(line, "This is fine."),
        desk.at(CONSTANT, desk.items[CONSTANT].said_well[0]),
    )
    before = desk.judge(far, asks, fine)
    assert desk.share(before) > 0
    assert desk.share(desk.judge(far, asks, fine, right)) >= desk.share(before)


def test_a_copy_beside_a_denied_remark_keeps_what_it_earned(desk):
    kind = CONSTANT
    line = desk.items[kind].places[0].lines.start
    said = desk.items[kind].said_well[0]
    beside, fine = desk.on(line + 1, said), desk.on(line, "This is fine.")
    alone = desk.share(desk.judge(beside, fine))
    assert desk.share(desk.judge(beside, fine, desk.on(line, said))) == alone > 0


def test_who_claims_far_more_than_hits_is_guessing(desk):
    right = [desk.at(item.kind, item.said_well[0]) for item in desk.key.items[:6]]
    wrong = "The exception in step {} is swallowed here, so a failure of step {} goes unnoticed."
    free = [
        n
        for n in range(1, len(desk.lines))
        if not any(
            abs(n - place.lines.start) <= 6 for item in desk.key.items for place in item.places
        )
    ]
    beside = [desk.on(line, wrong.format(line, line)) for line in free]
    assert desk.share(desk.judge(*right, *beside[:3])) == desk.share(desk.judge(*right))
    assert desk.share(desk.judge(*right, *beside)) < desk.share(desk.judge(*right))


def test_a_remark_that_takes_itself_back_says_so(desk):
    said = f"{desk.items[CONSTANT].said_well[0]} I withdraw the remark."
    verdict = desk.one(desk.at(CONSTANT, said))
    assert verdict.verdict == "empty"
    assert verdict.evidence.reason == "takes back in the end what it says"
