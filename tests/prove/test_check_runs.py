"""Running published programs in a folder of their own."""

import pytest

from grader.errors import RunError
from grader.prove.run import check_runs

READS_SETTINGS = b"""\
import json
from pathlib import Path

settings = json.loads(Path(__file__).with_name("settings.json").read_text())
print(json.dumps(settings))
"""
FILES = {"program.py": READS_SETTINGS, "data/rows.csv": b"a\n1\n"}


def test_settings_lie_beside_the_program() -> None:
    check_runs({**FILES, "settings.json": b'{"folds": 5}'}, "data/rows.csv")


def test_a_program_without_its_settings_is_refused_in_its_own_words() -> None:
    with pytest.raises(RunError, match=r"No such file.*settings\.json"):
        check_runs(FILES, "data/rows.csv")
