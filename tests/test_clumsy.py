"""What a clumsy user does gets one clear line and exit code 2, never a trace."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import cli


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, words)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["generate", "--scenario", "chrun"], "no scenario is called 'chrun'; there are: "),
        (["generate", "--include", "missing_sed"], "did you mean missing_seed"),
        (["generate", "--scenario", "churn", "--include", "shuffled_time_split"], "no site"),
        (["generate", "--level", "expert"], "junior"),
        (["generate", "--count", "0"], "count"),
        (["generate", "--demo-seed", "1", "--secret-file", "s"], "not both"),
    ],
)
def test_a_wrong_wish_is_told(tmp_path: Path, words: list[str], says: str) -> None:
    places = ["--out", str(tmp_path / "e"), "--keys", str(tmp_path / "k")]
    code, output = said(*words, *places)
    assert code == 2
    assert says in output
    assert not list(tmp_path.iterdir())


def test_keys_beside_the_exercises_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    code, output = said("generate", "--out", str(tmp_path), "--keys", str(tmp_path / "keys"))
    assert code == 2
    assert "must not lie under" in output


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    words = ["generate", "--scenario", "churn", "--no-run", "--demo-seed", "1"]
    code, output = said(*words, "--out", str(blocked / "e"), "--keys", str(tmp_path / "k"))
    assert code == 2
    assert "cannot be written" in output


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    code, output = said("catalog", "missing_sead")
    assert code == 2
    assert "did you mean missing_seed" in output


def test_a_folder_without_keys_is_told(tmp_path: Path) -> None:
    (tmp_path / "x__y.md").write_text("- L1: leak")
    (tmp_path / "keys").mkdir()
    words = ["score", str(tmp_path / "x__y.md"), "--keys", str(tmp_path / "keys")]
    code, output = said(*words, "--out", str(tmp_path / "r"))
    assert code == 2
    assert "answer key" in output
