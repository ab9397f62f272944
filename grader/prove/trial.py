"""A trial: one program, and the runs of it that the oracles ask for.

Runs come in groups that share what they need (a trained model, a recorded split). A group is run
when an oracle first asks for one of its runs; `ask_for` runs several groups at once.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from grader.errors import RunError
from grader.prove.groups import GROUPS
from grader.prove.material import Material
from grader.prove.rows import held_out
from grader.prove.runner import Runner
from grader.prove.seen import Run

if TYPE_CHECKING:
    from grader.prove.finding import Finding


class Trial:
    """The runs of one program on the material of its scenario.

    Args:
        program: the text of ``program.py``.
        material: facts, data maker and stream; two trials that are compared share it.
        runner: the warm children.
        watch: lines of the program whose effect on tables and numbers is kept.
        twin: the trial of the clean program; None for the clean program itself.
    """

    def __init__(
        self,
        program: str,
        material: Material,
        runner: Runner,
        watch: Iterable[int] = (),
        twin: "Trial | None" = None,
    ) -> None:
        self.program, self.material = program, material
        self.twin = twin if twin is not None else self
        self.watch = tuple(sorted(set(watch)))
        self._runner = runner
        self._runs: dict[str, Run] = {}
        self._done: set[str] = set()
        self.found: dict[str, tuple[Finding, ...]] = {}
        self.table = material.table("tidy")

    def ask_for(self, groups: Iterable[str]) -> None:
        """Run these groups, as many at once as the runner can."""
        for stage in (["base"], [g for g in groups if g != "base"]):
            wanted = [g for g in stage if g not in self._done and g in GROUPS]
            named = [one for group in wanted for one in GROUPS[group](self)]
            results = self._runner.run([one.session for one in named])
            for one, runs in zip(named, results, strict=True):
                self._runs |= dict(zip(one.names, runs, strict=True))
            self._done |= set(wanted)

    def run(self, name: str) -> Run:
        """Return one run by its name, ``group/what``."""
        group = name.partition("/")[0]
        self.ask_for([group])
        return self._runs[name]

    def maybe(self, name: str) -> Run | None:
        """Return one run by its name; None where the scenario has no such data."""
        self.ask_for([name.partition("/")[0]])
        return self._runs.get(name)

    def names(self, group: str) -> list[str]:
        """Return the names of the runs of a group."""
        self.ask_for([group])
        return sorted(name for name in self._runs if name.startswith(f"{group}/"))

    @property
    def base(self) -> Run:
        """Return the training run on tidy data.

        Raises:
            RunError: if it failed; nothing can be proved of a program that does not run.
        """
        run = self.run("base/train")
        if not run.sound:
            last = (run.stderr.strip() or "no output").splitlines()[-1]
            raise RunError(f"training on sound data ended with exit code {run.exit_code}: {last}")
        return run

    def later_rows(self) -> np.ndarray:
        """Return the numbers of the later half of the rows; none where rows have no time."""
        name = self.material.facts.time_column
        times = self.table[name].to_numpy() if name else np.array([])
        return np.flatnonzero(times > times[len(times) // 2]) if name else np.array([], np.int64)

    def held_out(self) -> np.ndarray:
        """Return the numbers of the rows that the program holds out (its clean twin's if none)."""
        rows = held_out(self.base)
        return rows if len(rows) or self.twin is self else self.twin.held_out()
