"""Running a generated program in a child process of its own, within limits.

The child gets a new temporary folder, no inherited environment, one thread, and limits on CPU
time, memory, file size and open files. This is weak isolation: it stops accidents (endless loops,
full disks), not an attacker. It is for the product's own programs; candidates' files are never run.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import RunError

CPU_SECONDS = 60
WALL_SECONDS = 180
MEMORY_BYTES = 8 * 2**30
FILE_BYTES = 256 * 2**20
OPEN_FILES = 256
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


@dataclass(frozen=True)
class Ran:
    """What a run left: exit code, output, and the JSON object on the last line of stdout."""

    exit_code: int
    stdout: str
    stderr: str
    report: dict[str, object] | None

    @property
    def sound(self) -> bool:
        """Exit code 0 and a JSON object on the last line."""
        return self.exit_code == 0 and self.report is not None


def run_program(files: Mapping[str, bytes], calls: Sequence[Sequence[str]]) -> list[Ran]:
    """Run ``python CALL...`` for each call, one after another, in one fresh folder.

    Args:
        files: what lies in the folder, by relative name.
        calls: arguments after the interpreter, such as ``["program.py", "train", ...]``.

    Returns:
        one Ran a call; a call after a failed one is still made.
    """
    home = Path(tempfile.mkdtemp(prefix="exercise-"))
    try:
        for name, data in files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return [_run(home, call) for call in calls]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(home: Path, call: Sequence[str]) -> Ran:
    environment = {"PATH": os.defpath, "HOME": str(home), "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
    environment |= dict.fromkeys(ONE_THREAD, "1")
    try:
        done = subprocess.run(
            [sys.executable, *call],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WALL_SECONDS,
            preexec_fn=_limit,  # limits must be set between fork and exec
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(-1, "", f"stopped after {WALL_SECONDS} s", None)
    stdout = done.stdout.decode("utf-8", "replace")
    stderr = done.stderr.decode("utf-8", "replace")
    return Ran(done.returncode, stdout, stderr, _last_object(stdout))


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def _last_object(stdout: str) -> dict[str, object] | None:
    lines = stdout.strip().splitlines()
    try:
        value = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def check_runs(files: Mapping[str, bytes], data: str) -> None:
    """Check that a published program trains and predicts on its data.

    Args:
        files: the published files by name; settings lie beside ``program.py`` as for a candidate.
        data: the name of the table.

    Raises:
        RunError: with the end of the program's own words.
    """
    common = ["--data", data, "--out", "out", "--seed", "7"]
    calls = [["program.py", way, *common] for way in ("train", "predict")]
    for call, ran in zip(calls, run_program(files, calls), strict=True):
        if not ran.sound:
            last = (ran.stderr.strip() or ran.stdout.strip() or "no output").splitlines()[-1]
            raise RunError(f"`{' '.join(call)}` ended with exit code {ran.exit_code}: {last}")
