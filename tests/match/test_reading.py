"""How a text is read: folding, cutting, words, claims, reasons and remedies."""

import json

import pytest

from grader.errors import GraderError
from grader.match import model as model_module
from grader.match.claim import judge
from grader.match.concepts import concepts
from grader.match.corpus import LABELS, load, parse
from grader.match.explain import says_fix, says_why
from grader.match.language import is_foreign
from grader.match.model import WEIGHTS, load_model
from grader.match.normalise import fold, make_plain
from grader.match.segment import sentences, units
from grader.match.words import open_up, stems, tokens
from seeded_bugs.words import CATEGORIES


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ѕсаlеr", "scaler"),
        ("ｌｅａｋ", "leak"),
        ("le\u200bak", "leak"),
        ("it’s", "it's"),
        ("naïve", "naive"),
        ("the β of λ", "the β of λ"),
        ("fit → split", "fit  ->  split"),
    ],
)
def test_disguises_are_folded_and_mathematics_is_kept(text, plain):
    assert fold(f"a leak {text} in it")[0] == f"a leak {plain} in it"


def test_russian_stays_russian():
    assert "утечка" in fold("Это утечка данных")[0]


def test_a_copied_line_is_cut_and_a_mention_is_kept(desk):
    line = desk.lines[33].strip()
    plain = make_plain(f"`{line}` sees test rows, `scaler.fit` too", desk.program)
    assert line in plain.copied
    assert "scaler.fit" in plain.claim


def test_endings_fall_off():
    assert len({stems(w) for w in ("fitted", "fitting", "fits", "fit")}) == 1
    assert stems("StandardScaler") == stems("standard scaler")
    assert stems("isn't") == stems("is not")


def test_names_of_code_keep_their_parts_together():
    assert "train_test_split" in tokens(open_up("train_test_split(X)"))
    assert tokens(open_up("churn_rate")) == ("churn", "rate")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("- one thing\n- another thing", 2),
        ("1. first flaw\n2. second flaw\n3. third flaw", 3),
        ("Two things: 1) no seed here 2) no baseline there", 3),
        ("The seed is missing. Also the path is hard-coded.", 2),
        ("The seed is missing. Set random_state. Then it repeats.", 1),
        ("", 1),
    ],
)
def test_lists_are_cut_into_findings(text, count):
    assert len(units(text)) == count


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Scaler is fitted before the split.", 1000),
        ("Move the split up.", 1000),
        ("no hold-out set", 1000),
        ("never shuffled", 1000),
        ("hardcoded path", 1000),
        ("Looks fine at first, but the scaler sees the test rows.", 1000),
        ("Why is the scaler fitted on everything?", 1000),
        ("Shouldn't this be stratified?", 1000),
        ("Could you move the split above the scaler?", 1000),
        ("Fit it inside the pipeline so that there is no leakage.", 1000),
        ("is this a leak?", 500),
        ("no leakage here", 0),
        ("I don't see any problem here.", 0),
        ("The split is stratified, good.", 0),
        ("The scaler is fitted only on the training rows.", 0),
        ("At first I thought this leaks, but the scaler is in the pipeline, fine.", 0),
        ("this may or may not leak", 0),
        ("I am not sure whether this is intended.", 0),
        ("leak, scaler, fit, test, split, seed", 0),
        ("", 0),
        (
            "The unit is feet here, metres above. Delete it; read() has already done it.",
            1000,
        ),
        (
            "The sign is flipped. Plots look great, live the cell is empty; make it shift(24).",
            1000,
        ),
        ("The scaler is already handled in the pipeline, keep it as it is.", 0),
    ],
)
def test_what_asserts_a_defect(text, level):
    assert judge(sentences(text)).level == level


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The test score is inflated because the scaler has seen the test rows.", True),
        ("Scaler fitted before split, so the test mean leaks into training.", True),
        ("Scaler is fitted before the split.", False),
        ("Set a seed.", False),
    ],
)
def test_who_says_why(text, why):
    flags = load_model().opinions([text])[0].flags
    assert says_why(text, flags, 0) is why


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("The scaler leaks. Fit it on the training rows only.", True),
        ("Please pass stratify=y.", True),
        ("The scaler has seen the test rows.", False),
        ("Accuracy hides the rare class.", False),
    ],
)
def test_who_says_what_to_do(text, fix):
    flags = load_model().opinions([text])[0].flags
    assert says_fix(text, flags, 0) is fix


@pytest.mark.parametrize("text", ["Test set used for model selection.", "no seed", "path?", "ok"])
def test_english_is_not_taken_for_another_language(text):
    assert not is_foreign(text, tokens(open_up(text)))


def test_a_text_has_the_same_opinion_alone_and_in_any_batch():
    model = load_model()
    texts = [f"{word} is fitted before the split" for word in ("scaler", "imputer", "vocabulary")]
    alone = [_told(model.opinions([text])[0]) for text in texts]
    assert list(map(_told, model.opinions(texts))) == alone
    assert list(map(_told, model.opinions(texts[::-1]))) == alone[::-1]


def _told(opinion):
    return (opinion.labels.tolist(), opinion.kinds.tolist(), opinion.flags, opinion.reading)


def test_shares_add_up():
    opinion = load_model().opinions(["The scaler is fitted before the split."])[0]
    assert 990 <= sum(opinion.share(label) for label in LABELS) <= 1010


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    changed = tmp_path / "weights.json"
    changed.write_bytes(WEIGHTS.read_bytes() + b" ")
    monkeypatch.setattr(model_module, "WEIGHTS", changed)
    with pytest.raises(GraderError, match="pinned"):
        load_model.__wrapped__()


def test_the_weights_are_whole_numbers_under_four_megabytes():
    raw = WEIGHTS.read_bytes()
    table = json.loads(raw)["features"]
    assert len(raw) < 4_000_000
    assert all(isinstance(number, int) for row in table.values() for number in row)


def test_every_category_has_patterns_and_every_kind_one_category():
    patterns = concepts()
    assert set(CATEGORIES) <= set(patterns.labels)
    assert len(patterns.kinds) == len(set(patterns.kinds))


def test_every_kind_of_the_corpus_has_patterns():
    kinds = {r.kind for r in load()} - {"", "other"}
    assert kinds <= set(concepts().kinds)


def test_a_bad_corpus_file_is_refused_with_every_fault():
    with pytest.raises(GraderError, match="2 faults"):
        parse("## leakage other\nno bars here\nterse | x | wrong flag\n", "someone")


@pytest.mark.slow
def test_the_weights_are_made_again_byte_for_byte():
    from grader.match.train import to_bytes, train

    assert to_bytes(train(load())) == WEIGHTS.read_bytes()
