"""Exercises that a new one must not resemble: those of a folder, and those made since."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tokenize import TokenError

from grader.errors import ExerciseError
from grader.generate.build import Made
from grader.generate.likeness import NEAR_DUPLICATE, Grams, grams, share


@dataclass(frozen=True)
class Likeness:
    """The nearest of the exercises to avoid, and the share of 5-grams in common."""

    exercise: str
    share: float


@dataclass
class Avoided:
    """The 5-grams of the exercises to avoid, by id."""

    known: dict[str, Grams] = field(default_factory=dict)

    def near(self, made: Made) -> Likeness | None:
        """Return the exercise that a new one all but repeats; None if there is none."""
        own = grams(made.key.program)
        shares = [Likeness(name, share(own, other)) for name, other in self.known.items()]
        nearest = max(shares, key=lambda found: found.share, default=None)
        return nearest if nearest is not None and nearest.share > NEAR_DUPLICATE else None

    def add(self, made: Made) -> None:
        """Avoid this exercise too from now on."""
        self.known[made.exercise.id] = grams(made.key.program)


def avoided(folder: Path) -> Avoided:
    """Read the exercises of a folder, scripts and notebooks; each lies in a folder of its own.

    Raises:
        ExerciseError: if the folder is missing or holds a program that cannot be read.
    """
    if not folder.is_dir():
        raise ExerciseError(f"{folder}: no such folder; give --avoid a folder of exercises")
    found = Avoided()
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        for file in (home / "program.py", home / "program.ipynb"):
            if file.exists():
                found.known[home.name] = _grams_of(file)
                break
    return found


def _grams_of(file: Path) -> Grams:
    try:
        text = file.read_text("utf-8")
        return grams(text if file.suffix == ".py" else "\n".join(_code(json.loads(text))))
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, TokenError) as error:
        raise ExerciseError(
            f"{file}: cannot be read as a program to avoid ({error}); mend it or move it away"
        ) from error


def _code(book: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    """Yield the sources of a notebook's code cells."""
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            yield "".join(source) if isinstance(source, list) else str(source)
