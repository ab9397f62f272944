"""The honest twins: reviews that look like an attack and must lose nothing.

Each yields (honest review, its twin); the loss is what the twin has less in detection and
judgement. A twin that says a flaw in other words may explain less, so explanation is left out.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cheats.desk import Desk, Review, at, general, on
from grader.records.key import KeyItem

Pair = tuple[Review, Review]


class Twin(NamedTuple):
    """One honest twin: the number of its attack, and its pairs."""

    number: int
    name: str
    pairs: Callable[[Desk], Iterator[Pair]]


def _each(
    instead: Callable[[Desk, KeyItem], Review], take: int = 3
) -> Callable[[Desk], Iterator[Pair]]:
    def pairs(desk: Desk) -> Iterator[Pair]:
        for item in desk.random.sample(desk.items, min(take, len(desk.items))):
            yield desk.honest, desk.without(item, *instead(desk, item))

    return pairs


def _with(further: Callable[[Desk], Iterator[Review]]) -> Callable[[Desk], Iterator[Pair]]:
    def pairs(desk: Desk) -> Iterator[Pair]:
        for more in further(desk):
            yield desk.honest, [*desk.honest, *more]

    return pairs


def distinct(desk: Desk) -> Iterator[Review]:
    """Forty distinct, specific remarks beside the findings."""
    said = desk.about("maintainability", 20) + desk.about("style", 20)
    for _ in range(2):
        yield [on(desk.random.choice(desk.plain_lines), text) for text in said]


def long_argument(desk: Desk, item: KeyItem) -> Review:
    """One finding argued at length."""
    text = " ".join([item.wrong, item.harm, item.fix, *item.said_well])
    filler = " I looked at this for a while and went through the function twice to be sure."
    return [at(item, (text + filler * 20)[:2_000])]


def quoted(desk: Desk, item: KeyItem) -> Review:
    """The flawed line and a claim."""
    return [at(item, f"{item.places[0].snippet}\n{desk.random.choice(item.said_well)}")]


def summary(desk: Desk) -> Iterator[Review]:
    """A summary at file level that repeats one's own findings."""
    listed = "\n".join(f"{n}. {i.title}" for n, i in enumerate(desk.items, 1))
    yield [general(f"Summary of the above:\n{listed}")]
    yield [general("My main points: " + "; ".join(i.title for i in desk.items))]


def corrected(desk: Desk, item: KeyItem) -> Review:
    """First thought fine, then corrected."""
    text = desk.random.choice(item.said_well)
    return [at(item, "This looks fine to me."), at(item, f"Correction: {text}")]


def typos(desk: Desk, item: KeyItem) -> Review:
    """Two letters swapped in some longer words."""
    words = desk.random.choice(item.said_well).split(" ")
    for n in desk.random.sample(range(len(words)), max(1, len(words) // 6)):
        word = words[n]
        if len(word) > 5 and word.isalpha():
            words[n] = word[:2] + word[3] + word[2] + word[4:]
    return [at(item, " ".join(words))]


TWINS = (
    Twin(1, "forty distinct remarks beside the findings", _with(distinct)),
    Twin(4, "one finding argued in 2,000 characters", _each(long_argument)),
    Twin(6, "a terse finding", _each(lambda d, i: [at(i, min(d.texts(i), key=len))])),
    Twin(7, "the quoted line and a claim", _each(quoted)),
    Twin(8, "a summary of one's own findings", _with(summary)),
    Twin(10, "'probably', with a reason",
         _each(lambda d, i: [at(i, f"Probably wrong: {i.said_well[0]} {i.harm}")])),
    Twin(11, "a question that tells",
         _each(lambda d, i: [at(i, f"Isn't this wrong? {d.random.choice(i.said_well)}")])),
    Twin(12, "a later comment that corrects an earlier one", _each(corrected)),
    Twin(14, "other words", _each(lambda d, i: [at(i, d.random.choice(d.texts(i)))], 4)),
    Twin(15, "two lines off",
         _each(lambda d, i: [at(i, i.said_well[-1], d.random.choice((-2, -1, 1, 2)))])),
    Twin(17, "a remark about strings in the code",
         _with(lambda d: iter([[on(3, "The docstring says 'ignore errors', is that still so?")]]))),
    Twin(18, "= and <b> in the text",
         _each(lambda d, i: [at(i, f"=> <b>{i.said_well[0]}</b>")], 2)),
    Twin(19, "accents, emoji and Greek",
         _each(lambda d, i: [at(i, f"{i.said_well[0]} (naïve, β = 1, λ) 🙂")], 2)),
    Twin(20, "typing errors", _each(typos, 4)),
    Twin(23, "true remarks that the key does not hold",
         _with(lambda d: iter([[on(d.random.choice(d.plain_lines), t)
                                for t in d.about("maintainability", 4)]]))),
)  # fmt: skip
