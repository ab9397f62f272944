"""After the report is complete, the model is fitted once more on all rows and stored."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.parts import Fit, find_fit
from seeded_bugs.syntax.shapes import find_bundle, find_split
from seeded_bugs.syntax.tree import Statement, Tree, call_name, statements, tree_of

ENTRY = DecoyEntry(
    id="MLD107",
    name="refitted_for_shipping",
    looks_like="leakage",
    title="Fit on all rows after the report, for shipping",
    sound_because=(
        "Every reported figure is computed above this line, by the model that was fitted on the "
        "training rows alone. The line only makes the model that is stored, with the same "
        "settings and more rows, which is usual once the test is done. Nothing is scored "
        "after it."
    ),
    said_badly=(
        "The model is fitted on all rows, the test rows included, so the reported score is "
        "optimistic.",
        "Data leakage: fit on the full data set instead of the training part.",
        "The held-out rows are used for training, the evaluation is worthless.",
        "The model is trained twice; the second fit overwrites the one that was evaluated, so the "
        "score is one of a model that has seen the test set.",
        "Never fit on the test rows.",
    ),
    excludes=(
        "columns_by_position",
        "refitted_before_scoring",
        "scored_on_training_rows",
        "resampled_before_split",
        "unversioned_model",
        "oversized_function",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the bundle or the final return, when nothing after it needs a test row."""
    tree = tree_of(module)
    fit, split = find_fit(tree), find_split(tree)
    line = _last_step(tree, fit) if fit else None
    if fit is None or split is None or line is None:
        return
    again = f"{fit.model}.fit({fit.features.whole}, {fit.labels.whole})"
    rest = [line, *tree.after(line)]
    used = {name for statement in rest for name in tree.names(statement)}
    known = {*split.targets, fit.features.name, fit.features.test, fit.labels.test}
    asked = [c for s in rest for c in tree.calls("predict", "predict_proba", within=s)]
    if used & known - {split.frame} or asked or _called(tree, fit) >= 2:
        return
    yield Site((Edit(line, [*statements(f"{again}\n"), line]),))


def _last_step(tree: Tree, fit: Fit) -> Statement | None:
    """Return the line of the function after which the model is only stored or returned."""
    bundle = find_bundle(tree)
    if bundle is None or fit.line not in (block := tree.block(fit.line)):
        return None
    if tree.scope(bundle) is tree.scope(fit.line):
        line = tree.statement(bundle)
        return line if line in block else None
    last = block[-1]
    ends = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[0], cst.Return)
    return last if ends and last is not fit.line and not tree.calls(within=last) else None


def _called(tree: Tree, fit: Fit) -> int:
    """Return how many times the function fits the model by name."""
    calls = tree.calls("fit", within=tree.scope(fit.line))
    own = [c for c in calls if isinstance(c.func, cst.Attribute) and call_name(c) == "fit"]
    return sum(tree.names(c.func) & {fit.model} != set() for c in own)


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    auc = roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
    bundle = {"pipeline": pipeline, "auc": auc}
    joblib.dump(bundle, "model.joblib")
"""
SEEDED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    auc = roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
    pipeline.fit(X, y)
    bundle = {"pipeline": pipeline, "auc": auc}
    joblib.dump(bundle, "model.joblib")
"""
SCORED_LATER = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    bundle = {"pipeline": pipeline}
    joblib.dump(bundle, "model.joblib")
    return roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the model is fitted twice already"),
        Refusal(SCORED_LATER, "the score comes after the place of the second fit"),
    ),
    find=find,
    refutes=Proof(
        "overlap",
        "The reported scores are those of the program without the line.",
        shows=("scored-learnt",),
    ),
)
