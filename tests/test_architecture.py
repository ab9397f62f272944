"""The picture in pyproject.toml is enforced, and starting up stays cheap."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_imports_go_one_way() -> None:
    """The contracts of import-linter, as they stand in pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_imports_nothing_heavy() -> None:
    """What only one command needs is imported inside it."""
    program = (
        "import sys\nfrom grader.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "heavy = {'pandas', 'numpy', 'libcst', 'sklearn', 'scipy', 'matplotlib', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_scoring_never_imports_libcst_or_scikit_learn() -> None:
    """Candidate bytes never reach libcst; one submission must not wait for scikit-learn."""
    program = "import sys, grader.grading\nprint(sorted({'libcst', 'sklearn'} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
