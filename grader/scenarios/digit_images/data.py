"""Makes the digit boxes of meter cards: small grey images, who wrote them, how they were scanned.

The hands come from scikit-learn's `load_digits` (1,797 images of 8 x 8 pixels, 0 to 16). A writer
has an own form of each digit, a blend of two of those images, and writes it a little differently
each time.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_digits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

PENS = ("ballpoint", "felt", "pencil")
SCANNERS = ("desk", "feeder", "phone")
DOTS = (300, 200, 400)  # dots per inch that the scanners are set to


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` digit boxes, those of a card together; few whole rows are sent twice.

    Known when the box is read:

    - scan_id: text, one a box.
    - writer: text, the customer who wrote the card, 8 to 16 boxes each.
    - scanner: desk, feeder, phone; mixed case and stray blanks, as the pen.
    - pen: ballpoint, felt, pencil, as ticked on the card; about 4 % empty.
    - ink_level: optical density of the strokes, 0 to 100; about 9 % missing.
    - slant_deg: slant of the whole line of digits, -45 to 45 degrees; about 5 % missing.
    - dpi: resolution, 100 to 600 dots per inch; few are missing.
    - p00 to p63: ink of the pixels, row by row from the top left, whole numbers 0 to 16.

    Known weeks later:

    - operator_corrections: digit that an operator keyed when the bill was checked; few are
      missing (bills without a check).
    - digit: the target, 0 to 9, all about equally often.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeated = rows // 150
    boxes = _boxes(rng, rows - repeated)
    again = boxes.iloc[rng.choice(len(boxes), size=repeated, replace=False)]
    table = pd.concat([boxes, again]).sort_index(kind="stable")
    return table.reset_index(drop=True)


def _boxes(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return `count` different boxes."""
    sizes = rng.integers(8, 17, count // 8 + 1)
    writer = np.repeat(np.arange(len(sizes)), sizes)[:count]
    writers = int(writer[-1]) + 1
    digit = rng.integers(0, 10, count)
    pen = rng.choice(3, size=writers, p=[0.58, 0.22, 0.20])[writer]
    scanner = rng.choice(3, size=writers, p=[0.40, 0.45, 0.15])[writer]
    ink = _ink(rng, writer, digit, pen, scanner)
    density = np.take([62.0, 78.0, 41.0], pen) + rng.normal(0.0, 9.0, writers)[writer]
    slant = rng.normal(6.0, 9.0, writers)[writer] + rng.normal(0.0, 2.0, count)
    number = rng.permutation(9 * writers)[:writers] + 100_000
    checked = rng.random(count) < 0.96
    slip = np.where(rng.random(count) < 0.02, rng.integers(0, 10, count), digit)
    facts = {
        "scan_id": [f"S{n:07d}" for n in 40_000 + np.arange(count)],
        "writer": [f"C{n}" for n in number[writer]],
        "scanner": _as_typed(rng, np.array(SCANNERS, dtype=object)[scanner], 0.0),
        "pen": _as_typed(rng, np.array(PENS, dtype=object)[pen], 0.04),
        "ink_level": _gaps(rng, np.clip(density + rng.normal(0.0, 3.0, count), 0.0, 100.0), 0.09),
        "slant_deg": _gaps(rng, np.clip(slant, -45.0, 45.0), 0.05),
        "dpi": np.where(rng.random(count) < 0.01, np.nan, np.take(DOTS, scanner)),
    }
    pixels = {f"p{place:02d}": ink[:, place] for place in range(64)}
    late = {"operator_corrections": np.where(checked, slip, np.nan), "digit": digit}
    return pd.DataFrame(facts | pixels | late)


@cache
def _hands() -> tuple[Floats, ...]:
    """Return the images of each digit."""
    images, labels = load_digits(return_X_y=True)
    return tuple(np.asarray(images[labels == digit], dtype=np.float64) for digit in range(10))


def _ink(rng: np.random.Generator, writer: Ints, digit: Ints, pen: Ints, scanner: Ints) -> Ints:
    """Return the pixels of every box, one row each."""
    writers, count = int(writer.max()) + 1, len(writer)
    forms = np.empty((writers, 10, 64))
    for value, hands in enumerate(_hands()):
        first, second = (hands[rng.integers(0, len(hands), writers)] for _ in range(2))
        share = rng.uniform(0.55, 1.0, (writers, 1))
        forms[:, value] = share * first + (1.0 - share) * second
    images = forms[writer, digit].reshape(count, 8, 8)
    gain = np.exp(rng.normal(0.0, 0.12, writers))[writer] * np.take([1.0, 1.15, 0.78], pen)
    smear = np.take([0.08, 0.30, 0.15], pen)[:, None, None]
    images = (1.0 - smear) * images + smear * (
        _moved(images, 1, 1.0) + _moved(images, 1, -1.0)
    ) / 2.0
    drift = rng.normal(0.0, 0.30, (writers, 2))[writer] + rng.normal(0.0, 0.30, (count, 2))
    for axis in (1, 2):
        images = _moved(images, axis, np.clip(drift[:, axis - 1], -1.0, 1.0)[:, None, None])
    noise = np.take([0.7, 1.1, 1.9], scanner)[:, None]
    flat = images.reshape(count, 64) * gain[:, None] + rng.normal(0.0, 1.0, (count, 64)) * noise
    return np.asarray(np.clip(np.round(flat), 0, 16), dtype=np.int64)


def _moved(images: Floats, axis: int, by: Floats | float) -> Floats:
    """Return images moved by -1 to 1 pixel along an axis, blank pixels coming in."""
    blank = np.zeros_like(np.take(images, [0], axis=axis))
    behind = np.concatenate([blank, np.take(images, range(7), axis=axis)], axis=axis)
    ahead = np.concatenate([np.take(images, range(1, 8), axis=axis), blank], axis=axis)
    back, on = np.maximum(by, 0.0), np.maximum(-np.asarray(by), 0.0)
    return np.asarray((1.0 - back - on) * images + back * behind + on * ahead)


def _gaps(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """Return values to one decimal, a share of them missing."""
    return np.asarray(np.where(rng.random(len(values)) < share, np.nan, np.round(values, 1)))


def _as_typed(rng: np.random.Generator, words: Words, empty: float) -> Words:
    """Return the words in several spellings; a share of the fields is left empty."""
    text = pd.Series(words, dtype=object)
    forms = [text, text.str.upper(), text.str.capitalize(), text + " ", " " + text]
    picked = np.choose(rng.choice(5, len(words), p=[0.82, 0.06, 0.07, 0.03, 0.02]), forms)
    return np.asarray(np.where(rng.random(len(words)) < empty, "", picked), dtype=object)
