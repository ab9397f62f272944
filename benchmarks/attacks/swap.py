"""The exchange of two keys: all that a candidate can see stays the same, byte for byte.

A candidate has the published folder and ``grader validate``; neither needs a key, so neither may
change when the keys change places, or when they are gone.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from grader.bank import publish
from grader.cli.main import cli
from grader.demo import write_reviews
from grader.generate.build import Made


def differences(one: Made, other: Made, room: Path) -> list[str]:
    """Return what a candidate sees otherwise with exchanged keys, or with none.

    Args:
        one: an exercise; the reviews that are checked are of this one.
        other: another exercise.
        room: an empty folder.
    """
    reviews = write_reviews(one.key, room / "reviews")
    views = []
    for first, second in ((one, other), (replace(one, key=other.key), replace(other, key=one.key))):
        shutil.rmtree(room / "exercises", ignore_errors=True)
        for made in (first, second):
            publish(made, room / "exercises", room / "keys")
        views.append(_seen(room, one.exercise.id, reviews))
    shutil.rmtree(room / "keys")
    views.append(_seen(room, one.exercise.id, reviews))
    names = sorted({name for view in views for name in view})
    return [name for name in names if len({view.get(name) for view in views}) > 1]


def _seen(room: Path, exercise: str, reviews: list[Path]) -> dict[str, bytes]:
    """Return every byte of the published folders, and every answer of the command by its call."""
    home = room / "exercises"
    seen = {p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()}
    for review in reviews:
        for option in ([], ["--json"]):
            call = ["validate", str(review), "--exercise", str(home / exercise), *option]
            done = CliRunner().invoke(cli, call)
            name = " ".join(("validate", review.name, *option))
            seen[name] = f"{done.exit_code}\n{done.output}".encode()
    return seen
