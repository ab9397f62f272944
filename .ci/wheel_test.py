"""Builds the wheel, lists it, installs it in a clean environment, and runs it from an empty folder.

Usage: python .ci/wheel_test.py UV
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

MUST_HOLD = (
    "grader/scenarios/churn/program.py",
    "grader/scenarios/churn/brief.md",
    "grader/scenarios/churn/scenario.toml",
    "grader/report/templates/",
    "grader/match/weights.json",
    "grader/generate/blueprints/senior.toml",
    "grader/generate/mess/phrases.toml",
    "grader/score/rubric.toml",
    "grader/bank.toml",
    "seeded_bugs/CATALOGUE.md",
)
MUST_NOT_HOLD = ("exercises/", "answer_keys/", "tests/", "benchmarks/")


def main() -> int:
    uv = sys.argv[1]
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        run([uv, "build", "--quiet", "--wheel", "--out-dir", str(home / "dist")], root)
        wheel = next((home / "dist").glob("*.whl"))
        members = zipfile.ZipFile(wheel).namelist()
        faults = [f"lacks {w}" for w in MUST_HOLD if not any(m.startswith(w) for m in members)]
        faults += [f"holds {m}" for m in members if m.startswith(MUST_NOT_HOLD)]
        if faults:
            print(f"{wheel.name}:", *faults, sep="\n  ")
            return 1
        python = home / "venv" / "bin" / "python"
        run([uv, "venv", "--quiet", str(home / "venv")], home)
        run([uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], home)
        empty = home / "empty"
        empty.mkdir()
        grader = str(home / "venv" / "bin" / "grader")
        run([grader, "catalog"], empty)
        run([grader, "demo", "--out", "demo"], empty)
        if not (empty / "demo" / "report.html").exists():
            print("grader demo wrote no report.html")
            return 1
    print(f"{wheel.name}: {len(members)} members, demo and catalog run from an empty folder")
    return 0


def run(command: list[str], folder: Path) -> None:
    """Run a command without this environment's Python settings; stop on failure."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run(command, cwd=folder, env=kept, check=True)


if __name__ == "__main__":
    sys.exit(main())
