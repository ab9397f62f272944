"""Sets every hook: each writes what it sees into the diary."""

import logging

from grader.prove.probe.diary import Diary
from grader.prove.probe.measuring import hook_measuring
from grader.prove.probe.models import hook_estimators
from grader.prove.probe.splitting import Replay, hook_splitting
from grader.prove.probe.storing import hook_files


def install(diary: Diary, replay: Replay, broken_models: bool = False) -> None:
    """Set every hook; meant for a process that ends after the run."""
    hook_estimators(diary, broken_models)
    hook_splitting(diary, replay)
    hook_measuring(diary)
    hook_files(diary)
    _hook_logging(diary)


def _hook_logging(diary: Diary) -> None:
    real = logging.Logger.handle

    def handle(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.pathname == diary.program or diary.lines():
            diary.note("log", record.levelname, text=record.getMessage()[:4000])
        real(self, record)

    logging.Logger.handle = handle  # type: ignore[method-assign]
