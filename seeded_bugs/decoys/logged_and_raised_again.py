"""A broad except that logs what was being done and raises the error again."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.parts import find_fit
from seeded_bugs.syntax.tree import Tree, call_name, code, statement, tree_of

ENTRY = DecoyEntry(
    id="MLD601",
    name="logged_and_raised_again",
    looks_like="error-handling",
    title="A broad except that logs and raises again",
    sound_because=(
        "The bare raise passes the very error on, so the program still fails loudly. The handler "
        "only adds to the log what was being done, and for that any error is of interest."
    ),
    said_badly=(
        "Broad except Exception swallows the error and hides bugs.",
        "Catching Exception is too wide; failures are hidden and the program goes on.",
        "The exception is only logged, so a failed step leaves a stale model.",
        "Never catch Exception. Name the errors that can happen.",
        "Swallowed exception: training continues after the failure.",
    ),
    excludes=("swallowed_exception", "failed_prediction_defaulted"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site at the fit of the model, one at the line that stores it."""
    tree = tree_of(module)
    fit = find_fit(tree)
    if fit is not None:
        rows = note(tree, "fit failed on {:d} rows", f"len({fit.features.name})", method=_METHOD)
        yield from _wrapped(tree, fit.line, rows)
    for line in tree.all(cst.SimpleStatementLine):
        only = line.body[0]
        call = only.value if isinstance(only, cst.Expr) else None
        if isinstance(call, cst.Call) and call_name(call) == "dump" and len(call.args) == 2:
            where = code(call.args[1].value)
            yield from _wrapped(
                tree, line, note(tree, "could not write {:s}", f"str({where})", method=_METHOD)
            )


_METHOD = "exception"


def _wrapped(tree: Tree, line: cst.SimpleStatementLine, told: str | None) -> Iterator[Site]:
    if told is None or tree.nearest(line, cst.Try) is not None:
        return
    text = f"try:\n    pass\nexcept Exception:\n    {told}    raise\n"
    block = statement(text)
    assert isinstance(block, cst.Try)
    inner = line.with_changes(leading_lines=[])
    body = block.body.with_changes(body=[inner])
    wrapped = block.with_changes(body=body, leading_lines=line.leading_lines)
    yield Site((Edit(line, wrapped),))


CLEAN = """
log = logging.getLogger("churn")

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(a, c)
    joblib.dump({"pipeline": pipeline}, "model.joblib")
"""
SEEDED = """
log = logging.getLogger("churn")

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    pipeline = build()
    try:
        pipeline.fit(a, c)
    except Exception:
        log.exception("fit failed on %d rows", len(a))
        raise
    joblib.dump({"pipeline": pipeline}, "model.joblib")
"""
STORED = """
log = logging.getLogger("churn")

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(a, c)
    try:
        joblib.dump({"pipeline": pipeline}, "model.joblib")
    except Exception:
        log.exception("could not write %s", str("model.joblib"))
        raise
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CLEAN, STORED, site=1)),
    refuses=(
        Refusal(SEEDED.replace("joblib.dump(", "print("), "the fit is wrapped already"),
        Refusal(CLEAN.replace("logging.getLogger", "print"), "the module has no logger"),
    ),
    find=find,
    refutes=Proof(
        "fault in",
        "A fault inside the block ends the program with an error.",
        shows=("swallowed", "defaulted"),
    ),
)
