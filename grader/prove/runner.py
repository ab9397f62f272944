"""Runs sessions of a program in warm children, and gives back what was seen.

A runner keeps one warm child a core. Each has another hash seed, so that two runs on different
children also differ in the order of sets, as two runs on a user's machine would.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import IO, Any

import numpy as np

from grader.errors import RunError
from grader.prove.limits import environment
from grader.prove.seen import Run, Table

CPU_SECONDS = 60
WALL_SECONDS = 180


@dataclass(frozen=True)
class Call:
    """One run of the program.

    Args:
        arguments: after ``program.py``, such as ``("train", "--data", "a.csv", "--out", "out")``.
        folder: the working directory, below the session's home, where the program lies.
        pinned: unseeded generators get a fixed seed; else each run draws its own.
        replay: the splits of an earlier run (`Run.splits`), given out again in their order.
        watch: program lines around which local tables and numbers are kept.
        broken_models: every predict of every estimator raises.
        blocked: paths, below ``folder``, that become folders before the run.
        clock_shift: seconds by which the program's clock is wrong.
    """

    arguments: tuple[str, ...]
    folder: str = "."
    pinned: bool = True
    replay: tuple[Any, ...] = ()
    watch: tuple[int, ...] = ()
    broken_models: bool = False
    blocked: tuple[str, ...] = ()
    clock_shift: float = 0.0


@dataclass(frozen=True)
class Session:
    """A row of calls in one folder: what one call writes, the next can read."""

    program: str
    files: Mapping[str, bytes]
    calls: tuple[Call, ...]
    child: int = 0
    """Which warm child; sessions that are compared bit by bit must name the same."""


@dataclass
class _Child:
    process: "subprocess.Popen[str]"
    pipe: IO[str] = field(repr=False)


class Runner:
    """A pool of warm children; use it as a context manager.

    Args:
        children: how many run at once; two or more give different hash seeds.
    """

    def __init__(self, children: int = 2) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="prove-"))
        self._children = [self._start(number) for number in range(children)]
        self._free: list[Queue[_Child]] = []
        for child in self._children:
            queue: Queue[_Child] = Queue()
            queue.put(child)
            self._free.append(queue)
        self._threads = ThreadPoolExecutor(max_workers=children)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children and remove their files."""
        self._threads.shutdown()
        for child in self._children:
            child.process.stdin.close()  # type: ignore[union-attr]
            child.process.wait()
            child.pipe.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def run(self, sessions: Sequence[Session]) -> list[list[Run]]:
        """Run sessions, at the same time where there are children for it; results in order.

        Raises:
            RunError: if a warm child ended.
        """
        return list(self._threads.map(self._one, sessions))

    def _start(self, number: int) -> _Child:
        # An install by path is found through the parent's sys.path, which the child must share.
        variables = environment(str(self._home), hash_seed=number + 1)
        process = subprocess.Popen(
            [sys.executable, "-m", "grader.prove.warm_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables | {"PYTHONPATH": ":".join(p for p in sys.path if p)},
            cwd=self._home,
        )
        assert process.stdout is not None
        return _Child(process, process.stdout)

    def _one(self, session: Session) -> list[Run]:
        queue = self._free[session.child % len(self._free)]
        child = queue.get()
        room = Path(tempfile.mkdtemp(dir=self._home))
        try:
            home, record = room / "home", room / "record"
            record.mkdir()
            for name, data in {**session.files, "program.py": session.program.encode()}.items():
                path = home / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            order = {
                "home": str(home),
                "record": str(record),
                "cpu_seconds": CPU_SECONDS,
                "wall_seconds": WALL_SECONDS,
                "calls": [asdict(call) for call in session.calls],
            }
            assert child.process.stdin is not None
            child.process.stdin.write(json.dumps(order) + "\n")
            child.process.stdin.flush()
            answer = child.pipe.readline()
            if not answer:
                raise RunError("the process that runs programs ended; run the command again")
            statuses = json.loads(answer)["statuses"]
            return [_read(record, n, status) for n, status in enumerate(statuses)]
        except BrokenPipeError as error:
            raise RunError("the process that runs programs ended; run it again") from error
        finally:
            queue.put(child)
            shutil.rmtree(room, ignore_errors=True)


def _read(record: Path, number: int, status: int) -> Run:
    """Return one call's record; a call that was stopped has exit code -1 and no events."""
    path = record / f"{number}.json"
    if status != 0 or not path.exists():
        error = record / f"{number}.err"
        said = error.read_text("utf-8", "replace")[-2000:] if error.exists() else ""
        return Run(-1, "", f"stopped (status {status}) {said}", (), (), (), (), (), False, "")
    facts = json.loads(path.read_text("utf-8"))
    with np.load(record / f"{number}.npz", allow_pickle=False) as arrays:
        tables = tuple(
            Table(
                tuple(columns),
                arrays[f"cells{k}"],
                arrays[f"rows{k}"] if f"rows{k}" in arrays else None,
                arrays[f"numbers{k}"] if f"numbers{k}" in arrays else None,
            )
            for k, columns in sorted((int(k), v) for k, v in facts["columns"].items())
        )
    return Run(
        facts["exit_code"],
        facts["stdout"],
        facts["stderr"],
        tuple(facts["events"]),
        tables,
        tuple(facts["splits"]),
        tuple(facts["outside"]),
        tuple(facts["written"]),
        facts["isolated"],
        facts["predictions"],
    )
