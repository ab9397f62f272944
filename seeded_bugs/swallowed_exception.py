"""Writing the model or the predictions may fail, and the program carries on as if it had not."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import stacked
from seeded_bugs.syntax.tree import Tree, code, statement, tree_of

ENTRY = Entry(
    id="MLR601",
    name="swallowed_exception",
    category="error-handling",
    severity="critical",
    anchor="span",
    title="Exception swallowed by a broad except",
    wrong=(
        "A try with except Exception: pass stands around the call that writes the result, so "
        "every failure of that call is thrown away."
    ),
    harm=(
        "If the file cannot be written, the run still ends with success and reports the path. "
        "Whatever comes next reads an old file or none, and nothing in the log says why."
    ),
    fix=(
        "Take the try away, or catch only the exception that is expected, log it with the path "
        "and re-raise it or end with an error code."
    ),
    said_well=(
        "except Exception: pass swallows every error while the file is written, so the program "
        "reports success although nothing was saved; catch the specific error and re-raise.",
        "Silent failure: the broad except hides the exception and the run goes on.",
        "If the write fails here nobody will know. The exception is ignored, exit code stays 0 "
        "and a stale file may be picked up downstream. Log it and fail.",
        "Never `except Exception: pass` - at least log the traceback and raise.",
        "A full disk or missing permission is silenced by this blanket try/except; remove it or "
        "handle OSError with a clear message.",
    ),
    near_misses=(
        "A missing input file ends in a raw traceback because read_csv is not guarded.",
        "Failed predictions are replaced by a default score.",
        "All warnings are ignored.",
    ),
    references=(
        "https://docs.astral.sh/ruff/rules/try-except-pass/",
        "https://docs.python.org/3/howto/logging.html#exceptions",
    ),
    identifiers=("except", "Exception", "pass", "try"),
    elsewhere=("save",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each line that only writes: ``joblib.dump(...)``, ``table.to_csv(...)``."""
    tree = tree_of(module)
    for call in tree.calls("dump", "to_csv"):
        line = tree.statement(call)
        if not isinstance(line, cst.SimpleStatementLine) or not _is_whole(line, call):
            continue
        if tree.nearest(line, cst.Try) is None and not _in_main(tree, call):
            guarded = statement(f"try:\n    {code(call)}\nexcept Exception:\n    pass\n")
            yield Site((Edit(line, stacked([guarded], line)),))


def _is_whole(line: cst.SimpleStatementLine, call: cst.Call) -> bool:
    only = line.body[0]
    return len(line.body) == 1 and isinstance(only, cst.Expr) and only.value is call


def _in_main(tree: Tree, call: cst.Call) -> bool:
    """Tell whether a failure of the call is seen at once: in ``main``, or in no scope at all."""
    function = tree.function(call)
    return tree.is_free(call) or (function is not None and function.name.value == "main")


CLEAN = """
def save(model, path):
    joblib.dump(model, path)
    log.info("saved %s", path)
"""
SEEDED = """
def save(model, path):
    try:
        joblib.dump(model, path)
    except Exception:
        pass
    log.info("saved %s", path)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the failure is swallowed already"),
        Refusal('joblib.dump(model, "m.joblib")\n', "a script without functions has no caller"),
    ),
    find=find,
    proof=Proof(
        "fault in",
        "With the written file's place taken by a folder, the run ends with exit code 0.",
        shows=("swallowed",),
    ),
)
