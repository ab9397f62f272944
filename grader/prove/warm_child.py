"""The warm child: it has the libraries loaded and forks a fresh process for every call.

It reads one session a line (JSON): a folder and a row of calls of the program in it. Each call
runs in a process of its own, with limits and no network, and leaves ``<n>.json`` (events, exit
code, output) and ``<n>.npz`` (tables) in the record folder. The answer is one line with the wait
status of every call.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.prove.limits import environment, limit, without_network
from grader.prove.probe.diary import Diary

MOST_OUTPUT = 200_000
MOST_PREDICTIONS = 50_000_000
PROGRAM = "program.py"


def main() -> int:
    """Serve sessions until the input ends."""
    _load_libraries()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        session = json.loads(line)
        statuses = [_forked(session, number) for number in range(len(session["calls"]))]
        try:
            answers.write(json.dumps({"statuses": statuses}) + "\n")
        except BrokenPipeError:  # nobody waits any more
            break
    return 0


def _load_libraries() -> None:
    import grader.prove.probe.pins
    import grader.prove.probe.watch  # noqa: F401
    from grader.prove.probe import models

    models.estimator_methods()


def _forked(session: dict[str, Any], number: int) -> int:
    child = os.fork()
    if child == 0:
        status = 70
        try:
            _call(session, number)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def _call(session: dict[str, Any], number: int) -> None:
    """Run the program once in this process and write down what was seen."""
    import numpy as np

    from grader.prove.probe import hooks, pins, splitting, watch

    call = session["calls"][number]
    home, record = Path(session["home"]), Path(session["record"])
    folder = home / call["folder"]
    folder.mkdir(parents=True, exist_ok=True)
    for name in call["blocked"]:
        _block(folder / name)
    os.chdir(folder)
    os.environ.clear()
    os.environ |= environment(str(home))
    out, err = (record / f"{number}.{end}" for end in ("out", "err"))
    for path, handle in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), handle)
    limit(session["cpu_seconds"])
    signal.alarm(session["wall_seconds"])
    isolated = without_network()
    diary = Diary(str(home / PROGRAM))
    replay = splitting.Replay(call["replay"])
    outside: list[dict[str, Any]] = []
    written: list[str] = []
    pins.pin(call["pinned"], call["clock_shift"])
    hooks.install(diary, replay, call["broken_models"])
    sys.addaudithook(lambda event, given: _audit(event, given, diary, str(home), outside))
    sys.addaudithook(lambda event, given: _note_written(event, given, folder, written))
    code = _run(home / PROGRAM, call["arguments"], watch.Watch(diary, call["watch"]))
    facts = {
        "exit_code": code,
        "stdout": _text(out),
        "stderr": _text(err),
        "events": diary.events,
        "columns": diary.tables.columns,
        "splits": replay.made,
        "outside": outside,
        "written": sorted(set(written)),
        "isolated": isolated,
        "predictions": _written(folder),
    }
    np.savez(record / f"{number}.npz", **diary.tables.arrays)  # type: ignore[arg-type]
    (record / f"{number}.json").write_text(json.dumps(facts))


def _block(path: Path) -> None:
    """Put a folder where the program would write a file."""
    path.unlink(missing_ok=True)
    path.mkdir(parents=True, exist_ok=True)


def _run(path: Path, arguments: list[str], watching: Any) -> int:
    """Run a program as ``python program.py ARGUMENTS`` would; return its exit code."""
    module = ModuleType("__main__")
    module.__dict__["__file__"] = str(path)
    sys.modules["__main__"] = module
    sys.argv = [PROGRAM, *arguments]
    sys.path.insert(0, str(path.parent))
    try:
        code = watching.compiled(path.read_bytes(), str(path), module.__dict__)
        exec(code, module.__dict__)  # noqa: S102  # the program is ours, and this process is its own
        return 0
    except SystemExit as stop:
        return _exit_code(stop)
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, trace)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return int(stop.code or 0)
    print(stop.code, file=sys.stderr)
    return 1


def _audit(event: str, given: Any, diary: Diary, home: str, outside: list[dict[str, Any]]) -> None:
    """Note absolute paths outside the run's folder that the program itself opens or makes."""
    if event not in ("open", "os.mkdir") or not given or len(outside) > 100:
        return
    path = given[0]
    if not isinstance(path, str) or not path.startswith("/") or path.startswith(home):
        return
    if path.startswith((sys.prefix, sys.base_prefix, "/proc", "/dev", "/usr", "/sys", "/etc")):
        return
    lines = diary.lines()
    if lines and not diary.inside and "site-packages" not in path:
        outside.append({"event": event, "path": path, "lines": lines})


def _note_written(event: str, given: Any, folder: Path, written: list[str]) -> None:
    """Note files below the working directory that are opened to be written."""
    if event != "open" or len(written) > 100 or not isinstance(given[0], str):
        return
    if isinstance(given[1], str) and given[1][:1] in "wax":
        path = Path(os.path.abspath(given[0]))
        if path.is_relative_to(folder):
            written.append(str(path.relative_to(folder)))


def _written(folder: Path) -> str:
    """Return the predictions that lie in the output folder; empty where there are none."""
    path = folder / "out" / "predictions.csv"
    if not path.is_file() or path.stat().st_size > MOST_PREDICTIONS:
        return ""
    return path.read_text("utf-8", "replace")


def _text(path: Path) -> str:
    return path.read_bytes()[:MOST_OUTPUT].decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
