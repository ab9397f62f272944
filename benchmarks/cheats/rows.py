"""The attacks: each yields reviews of one exercise, and says what is the most they may earn.

``points``: of the whole score. ``flaw``: of the credit of any single flaw, for what is said of one.
``change``: by how many points the score of the same review without the trick may differ.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from cheats.desk import Desk, Review, at, general, on
from cheats.texts import (
    ASKS,
    BOILERPLATE,
    DENIALS,
    LETTERS,
    LIST,
    NAMED,
    NOTHING,
    ODD,
    PAYLOADS,
    REMARKS,
    SHRUGS,
    STEER,
    STUFFING,
    UNSAYING,
    WORDS,
)
from grader.controls import CLAIMS, PITFALLS

Measure = Literal["points", "flaw", "change"]


class Row(NamedTuple):
    """One attack: its number and name in the table of attacks, and the most that it may earn."""

    number: int
    name: str
    measure: Measure
    most: float
    reviews: Callable[[Desk], Iterator[Review]]


def same_everywhere(desk: Desk) -> Iterator[Review]:
    """One generic remark on every line."""
    for text in REMARKS:
        yield [on(n, text) for n in range(1, len(desk.lines) + 1)]


def list_every_kth(desk: Desk) -> Iterator[Review]:
    """A list of all pitfalls on every k-th line."""
    listed = "\n".join(f"- {p}" for p in LIST)
    for step, text in ((3, listed), (5, PITFALLS), (10, listed), (20, listed)):
        yield [on(n, text) for n in range(1, len(desk.lines), step)]


def all_everywhere(desk: Desk) -> Iterator[Review]:
    """A claim of every category at every place."""
    for step in (1, 3, 8, 15):
        yield [on(n, c) for n in range(1, len(desk.lines), step) for c in CLAIMS.values()]


def one_giant(desk: Desk) -> Iterator[Review]:
    """One comment with all pitfalls, at a flaw and elsewhere."""
    text = ". ".join(LIST) + "."
    for item in desk.random.sample(desk.items, min(3, len(desk.items))):
        yield [at(item, text)]
    yield [general(text)]


def whole_range(desk: Desk) -> Iterator[Review]:
    """The right words for every flaw that has a place, over the whole file."""
    for n in range(4):
        yield [
            on(1, i.said_well[n % len(i.said_well)], len(desk.lines))
            for i in desk.items
            if i.anchor != "absence"
        ]


def salad(desk: Desk) -> Iterator[Review]:
    """Words without a statement at every flaw."""
    for _ in range(4):
        yield [at(i, " ".join(desk.random.sample(WORDS, 6))) for i in desk.items]


def copied(desk: Desk) -> Iterator[Review]:
    """The flawed lines themselves."""
    for form in ("{}", "`{}`", "> {}", "```\n{}\n```"):
        yield [at(i, form.format(i.places[0].snippet)) for i in desk.items]


def checklist(desk: Desk) -> Iterator[Review]:
    """A checklist from a blog at file level, as one comment and as many."""
    yield [general("\n".join(f"- {p}" for p in LIST))]
    yield [general(p) for p in LIST]
    yield [general(c) for c in CLAIMS.values()]
    yield [general(PITFALLS)]


def _at_flaws(*texts: str) -> Callable[[Desk], Iterator[Review]]:
    def reviews(desk: Desk) -> Iterator[Review]:
        for text in texts:
            yield [at(item, text) for item in desk.items]

    return reviews


def both_ways(desk: Desk) -> Iterator[Review]:
    """Every flaw asserted and denied at its place."""
    for n in range(4):
        yield [
            c
            for i in desk.items
            for c in (
                at(i, i.said_well[n % len(i.said_well)]),
                at(i, f"There is no {i.category} problem here, this is fine. {DENIALS[n]}"),
            )
        ]


def unsaid(desk: Desk) -> Iterator[Review]:
    """Every flaw well said, and taken back in the same remark."""
    for text in UNSAYING:
        yield [at(i, f"{i.said_well[0]} {i.harm} {text}") for i in desk.items]


def copies(desk: Desk) -> Iterator[Review]:
    """One good comment many times, a word changed."""
    for item in desk.random.sample(desk.items, min(4, len(desk.items))):
        text = item.said_well[0]
        yield [at(item, f"{text} {'really ' * n}", n % 3 - 1) for n in range(8)]


def far_off(desk: Desk) -> Iterator[Review]:
    """The right words for one flaw with a place, far from every place of any flaw of its kind."""
    placed = [i for i in desk.items if i.anchor == "span" and desk.far_from(i)]
    for item in desk.random.sample(placed, min(6, len(placed))):
        yield [on(desk.random.choice(desk.far_from(item)), desk.random.choice(item.said_well))]


def other_language(desk: Desk) -> Iterator[Review]:
    """Remarks in other languages at every flaw."""
    for _ in range(4):
        texts = desk.about("other-language", len(desk.items))
        yield [at(i, t) for i, t in zip(desk.items, texts, strict=False)]


def boilerplate(desk: Desk) -> Iterator[Review]:
    """Polished sentences that say nothing, at every flaw."""
    for n in range(4):
        yield [at(i, BOILERPLATE[n % 3]) for i in desk.items]


def style(desk: Desk) -> Iterator[Review]:
    """Very many true nits, also at the flaws."""
    for count in (10, 20, 40, 80):
        texts = desk.about("style", count)
        last = len(desk.lines)
        yield [on(desk.random.randint(1, last), t) for t in texts]


def decoys(desk: Desk) -> Iterator[Review]:
    """Every decoy called a flaw."""
    for n in range(4):
        yield [
            on(d.places[0].lines.start, d.said_badly[n % len(d.said_badly)])
            for d in desk.key.key.decoys
        ]


def _trick(change: Callable[[str], str]) -> Callable[[Desk], Iterator[Review]]:
    """Yield pairs: the honest review, then the same with every text changed."""

    def reviews(desk: Desk) -> Iterator[Review]:
        plain = [c.model_copy(update={"text": desk.items[n].said_well[0]})
                 for n, c in enumerate(desk.honest)]  # fmt: skip
        yield plain
        yield [c.model_copy(update={"text": change(c.text)}) for c in plain]

    return reviews


def _tricks(*changes: Callable[[str], str]) -> Callable[[Desk], Iterator[Review]]:
    def reviews(desk: Desk) -> Iterator[Review]:
        for change in changes:
            yield from _trick(change)(desk)

    return reviews


def severe(desk: Desk) -> Iterator[Review]:
    """Every comment marked critical."""
    for severity in ("critical", "major", "minor", "critical"):
        yield desk.honest
        yield [c.model_copy(update={"severity": severity}) for c in desk.honest]


def disguised(text: str) -> str:
    """Write a text with letters that only look Latin."""
    return text.translate(LETTERS)


ROWS = (
    Row(1, "the same generic remark on every line", "points", 5, same_everywhere),
    Row(2, "a list of all pitfalls on every k-th line", "points", 5, list_every_kth),
    Row(3, "every category at every place", "points", 10, all_everywhere),
    Row(4, "one giant comment with all pitfalls", "points", 15, one_giant),
    Row(5, "range = the whole file", "points", 5, whole_range),
    Row(6, "keyword salad", "points", 0.5, salad),
    Row(7, "the code line as the comment", "points", 0.5, copied),
    Row(8, "a checklist at file level", "points", 10, checklist),
    Row(9, "denials", "points", 0.5, _at_flaws(*DENIALS)),
    Row(9, "flaws named to say that they are not there", "points", 0.5, _at_flaws(*NAMED)),
    Row(10, "shrugs", "points", 0.5, _at_flaws(*SHRUGS)),
    Row(11, "bare questions", "flaw", 500, _at_flaws(*ASKS)),
    Row(12, "asserted and denied at one place", "points", 10, both_ways),
    Row(12, "said and taken back in one remark", "points", 0.5, unsaid),
    Row(13, "near-duplicates of one remark", "flaw", 1000, copies),
    Row(14, "right category, wrong reason", "flaw", 300, _at_flaws(*ODD)),
    Row(15, "right claim, far from the place", "flaw", 500, far_off),
    Row(16, "all critical", "change", 0, severe),
    Row(17, "talk to the grader", "change", 0,
        _tricks(*(lambda t, s=s: f"{s} {t}" for s in STEER))),  # type: ignore[misc]
    # A payload is text beside the remark: it may tip the balance of "says why" for a flaw or two.
    Row(18, "payloads", "change", 2,
        _tricks(*(lambda t, p=p: f"{t}\n{p}" for p in PAYLOADS))),  # type: ignore[misc]
    Row(19, "look-alike letters, zero width, full width", "change", 0,
        _tricks(disguised, lambda t: t.replace("e", "e\u200b"), lambda t: "".join(
                    chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
                lambda t: f"\u202e\u202c{t}")),
    Row(20, "another language", "points", 0.5, other_language),
    Row(21, "machine boilerplate", "points", 0.5, boilerplate),
    Row(22, "trigger words and adjectives around a remark", "change", 0,
        _tricks(lambda t: STUFFING + t, lambda t: f"{t} This is really very critical!!!",
                lambda t: f"Wow. {t}", lambda t: f"{t} Best regards.")),
    Row(23, "very many style nits", "points", 0.5, style),
    Row(24, "claims on decoys", "points", 0.5, decoys),
    Row(32, "empty, LGTM", "points", 0, _at_flaws(*NOTHING[:4])),
)  # fmt: skip

ELSEWHERE = {
    25: "the deadline is kept by the server that takes the reviews in",
    26: "tests/test_grading.py: the first submission counts, both are kept",
    27: "tests/ingest/test_python_format.py: edited files are re-aligned, the rest is listed",
    28: "tests/ingest/test_notebook_format.py: outputs and metadata are ignored and listed",
    29: "tests/ingest: every limit, with the figure found",
    30: "tests/test_similarity.py: `grader similar` lists reviews that are worded alike",
    31: "benchmarks/secrecy.py: the attacker with the source",
}
