"""Flaws in a team's own script: it is read, run, sown, run again, and published with its data.

Its claims stay unproved: the proofs need data that can be made anew, and a known training report.
"""

import ast
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from grader import catalog
from grader.bank import Check, Checked, Secret, first_fit
from grader.errors import ProgramError, RunError
from grader.generate.blueprint import Blueprint, blueprint_of
from grader.generate.build import Made, Order, build
from grader.generate.exercise import Wish
from grader.generate.mess.layout import lay_out
from grader.generate.own import LEAST, Ground, draw, ground_of
from grader.prove.run import Ran, run_program
from grader.stream import Stream, derive

SCENARIO = "own-program"
SCRIPT = "program.py"
TAKEN = (SCRIPT, "program.ipynb", "brief.md", "exercise.json")
SHOWN_LINES = 8
_SHELL = ("|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1")


@dataclass(frozen=True)
class OwnProgram:
    """A team's script with its data files by name, the command that runs it, and its brief.

    ``call`` are the arguments after the interpreter, with the script as ``program.py``.
    """

    title: str
    ground: Ground
    call: tuple[str, ...]
    data: dict[str, bytes]
    brief: str


@dataclass(frozen=True)
class OwnMade:
    """An exercise of an own program, and which counts of the blueprint it does not keep."""

    checked: Checked
    unmet: tuple[str, ...]


def read_own(script: Path, command: str, data: Sequence[Path], brief: Path | None) -> OwnProgram:
    """Read a script with what belongs to it, run it once, and find what fits.

    Raises:
        ProgramError: if something cannot be read, the script does not parse or run, or fewer than
            three kinds of flaw fit it.
    """
    source = _text(script)
    call = call_of(command, script.name)
    files = _data(data)
    text = _laid_out(script, source)
    told = failure(run_program({**files, SCRIPT: source.encode()}, [call])[0])
    if told:
        raise ProgramError(
            f"{script}: `{command}` failed before anything was sown, {told}\n"
            "mend the script, or give the files that it reads with --data-file"
        )
    head, _, doc = (ast.get_docstring(ast.parse(source)) or script.stem).partition("\n")
    title = head.strip().rstrip(".")
    words = _text(brief) if brief else plain_brief(title, doc.strip(), call, sorted(files))
    return OwnProgram(title, _ground(script, text), call, files, words)


def make_own(secret: Secret, own: OwnProgram, wish: Wish, label: str, check: Check) -> OwnMade:
    """Make one exercise of an own program; one that does not pass is drawn again.

    Raises:
        PlanError: if the wish cannot be met.
        RunError: if no draw passes.
        CatalogError: if an included or excluded kind is unknown.
    """
    blueprint = wish.blueprint or blueprint_of(wish.level)
    unmet: dict[str, tuple[str, ...]] = {}

    def make(attempt: int) -> Made:
        made, missing = _made(
            derive(secret.value, f"{label}/{attempt}"), secret, own, wish, blueprint
        )
        unmet[made.exercise.id] = missing
        return made

    checked = first_fit(make, check)
    return OwnMade(checked, unmet[checked.made.exercise.id])


def runs(own: OwnProgram) -> Check:
    """Return the check that a sown program still ends with exit code 0."""

    def check(made: Made) -> Made:
        told = failure(run_program(made.files, [own.call])[0])
        if told:
            raise RunError(f"the sown program failed, {told}")
        return made

    return check


def call_of(command: str, script: str) -> tuple[str, ...]:
    """Return the arguments of a command after its interpreter, the script as ``program.py``.

    Raises:
        ProgramError: if it is no ``python SCRIPT ...``, or needs a shell.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ProgramError(f"--data-command: {error}; close the quote") from error
    shell = [word for word in words if word in _SHELL]
    if shell:
        raise ProgramError(
            f"--data-command: no shell runs it, so {shell[0]} has no meaning; leave it"
        )
    names = [PurePath(word).name for word in words]
    if not names or not names[0].startswith("python") or script not in names[1:]:
        raise ProgramError(
            f"--data-command: must be `python {script} ...`, not `{command}`; it is how the script "
            "is run"
        )
    place = names.index(script, 1)
    return (*words[1:place], SCRIPT, *words[place + 1 :])


def failure(ran: Ran) -> str:
    """Return how a run failed, with its last lines; nothing if it ended with exit code 0."""
    if ran.exit_code == 0:
        return ""
    lines = (ran.stderr.strip() or ran.stdout.strip() or "no output").splitlines()[-SHOWN_LINES:]
    return "\n".join([f"exit code {ran.exit_code}; its last lines:", *(f"  {x}" for x in lines)])


def plain_brief(title: str, doc: str, call: Sequence[str], files: Sequence[str]) -> str:
    """Return a brief for a script without one: its docstring, its command, its files."""
    parts = [
        f"# {title}",
        *([doc] if doc else []),
        f"It is run as\n\n    python {shlex.join(call)}",
    ]
    if files:
        parts.append("Beside it: " + ", ".join(f"`{name}`" for name in files))
    parts.append(
        "Review `program.py` as you would review a pull request of a colleague: say what is wrong, "
        "why it matters, and what to do. You have {minutes} minutes."
    )
    return "\n\n".join(parts) + "\n"


def _made(
    secret: bytes, kind: Secret, own: OwnProgram, wish: Wish, blueprint: Blueprint
) -> tuple[Made, tuple[str, ...]]:
    stream = Stream(secret, "exercise")
    include = tuple(catalog.bug(name).entry.name for name in wish.include)
    exclude = tuple(catalog.bug(name).entry.name for name in wish.exclude)
    drawn = draw(stream.child("own"), own.ground, blueprint, include, exclude)
    order = Order(
        id=stream.child("id").name(10),
        title=own.title,
        scenario=SCENARIO,
        level=blueprint.level,
        # Only forms that keep their blueprint may be compared by its name.
        mark=None if drawn.unmet else blueprint.mark,
        minutes=wish.minutes,
        formats=("script",),
        secret=secret,
        secret_kind=kind.kind,
        brief=own.brief,
        run=own.call[1:],
        beside=own.data,
        clean=own.ground.text,
    )
    return build(drawn.bed, order, own.ground.kinds, own.ground.decoys), drawn.unmet


def _laid_out(script: Path, source: str) -> str:
    """Return the script as the formatter prints it."""
    try:
        ast.parse(source)
        return lay_out(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        place = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise ProgramError(f"{script}: does not parse ({place}); mend the script") from error


def _ground(script: Path, text: str) -> Ground:
    """Return what can be sown into the script; ProgramError if that is too little."""
    ground = ground_of(text, catalog.bugs(), catalog.decoys())
    names = sorted(ground.kinds)
    if len(names) < LEAST:
        found = f"only {', '.join(names)} fit" if names else "no kind of flaw fits"
        raise ProgramError(
            f"{script}: {found}, and an exercise needs {LEAST}; take a script that loads, splits, "
            "fits and evaluates with pandas and scikit-learn"
        )
    return ground


def _data(files: Sequence[Path]) -> dict[str, bytes]:
    faults = [
        f"{f}: the name {f.name} is the exercise's own; rename it" for f in files if f.name in TAKEN
    ]
    names = [file.name for file in files]
    faults += [f"{n}: given twice; keep one" for n in sorted(set(names)) if names.count(n) > 1]
    found = {}
    for file in files:
        try:
            found[file.name] = file.read_bytes()
        except OSError as error:
            faults.append(f"{file}: cannot be read ({error.strerror}); check the path")
    if faults:
        raise ProgramError("\n".join(["--data-file:", *(f"  {fault}" for fault in faults)]))
    return found


def _text(file: Path) -> str:
    """Return a file's text with plain line ends."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProgramError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise ProgramError(f"{file}: is not UTF-8 text; save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
