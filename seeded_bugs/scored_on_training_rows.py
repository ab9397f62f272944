"""The reported scores are computed on the rows that the model was fitted on."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.scoring import predictions
from seeded_bugs.syntax.sides import Sides, bindings, find_sides
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR203",
    name="scored_on_training_rows",
    category="evaluation",
    severity="critical",
    anchor="span",
    title="Scores computed on the training rows",
    wrong=(
        "The reported metrics compare labels and predictions of the very rows that the model was "
        "fitted on; the held-out rows are not used for them."
    ),
    harm=(
        "A model can remember its training rows, so the score says how well it fits and not how "
        "well it will do on new rows. Overfitting stays unseen and the reported figure is too "
        "good, the more so the more flexible the model."
    ),
    fix="Compute the reported metrics on the held-out rows, which take no part in fitting.",
    said_well=(
        "The metrics are computed on the training data, not on the held-out rows, so the score "
        "is optimistic and hides overfitting. Evaluate on X_test, y_test.",
        "Evaluated on the training set!",
        "The model is scored on the same rows it was fitted on, which measures memory and not "
        "generalisation; use the hold-out part.",
        "Wrong rows: the evaluation predicts X_train and compares with y_train, therefore the "
        "reported performance says nothing about unseen data.",
        "The hold-out set is split off and then never used for the reported score. Pass the test "
        "rows to the evaluation instead of the training rows.",
    ),
    near_misses=(
        "The model is refitted on all rows before it is scored on the test part.",
        "The hyper-parameters are tuned on the test set.",
        "There is no cross-validation.",
        "The scaler has seen the test rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html",
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
    ),
    identifiers=("X_train", "y_train", "predict", "predict_proba"),
    elsewhere=("split", "fit", "evaluate"),
    conflicts=(
        "refitted_before_scoring",
        "tuned_on_test_set",
        "threshold_tuned_on_test",
        "best_score_reported",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the call that evaluates the held-out rows, or what is done with predictions."""
    tree = tree_of(module)
    sides = find_sides(tree)
    if sides is None:
        return
    own = {function.name.value for function in tree.all(cst.FunctionDef)}
    told = {name for name, _ in predictions(tree, sides)}
    for call in tree.calls(*own, within=sides.split.scope) if own else []:
        given = {a.value.value for a in call.args if isinstance(a.value, cst.Name)}
        if {sides.test_x, sides.test_y} <= given and not told & given:
            yield Site(tuple(_turned(tree, sides, call)))
            return
    edits = _asked(tree, sides)
    if edits:
        yield Site(edits)


def _asked(tree: Tree, sides: Sides) -> tuple[Edit, ...]:
    """Return the edits of the prediction and of the calls that compare it with the labels."""
    found = predictions(tree, sides)
    if len(found) != 1:
        return ()
    name, line = found[0]
    edits, told = _turned(tree, sides, line), _derived(tree, sides, name)
    compared = 0
    for call in tree.calls(within=sides.split.scope):
        if any(isinstance(above, cst.Call) for above in tree.up(call)) or call_name(call) == "fit":
            continue
        names = tree.names(call)
        if sides.test_y in names and told & names:
            compared += 1
            edits += _turned(tree, sides, call)
    return tuple(edits) if compared else ()


def _derived(tree: Tree, sides: Sides, name: str) -> set[str]:
    """Return the name of the predictions and those computed from them alone, such as decisions."""
    told = {name}
    for bound, value in bindings(tree, sides.split.scope):
        names = tree.names(value)
        if told & names and sides.test_y not in names:
            told.add(bound)
    return told


def _turned(tree: Tree, sides: Sides, top: cst.CSTNode) -> list[Edit]:
    """Return the edits that put the training side in place of the held-out side below a node."""
    other = sides.held_out()
    named = [name for name in tree.all(cst.Name, top) if name.value in other]
    return [Edit(name, cst.Name(other[name.value])) for name in named if not _is_part(tree, name)]


def _is_part(tree: Tree, name: cst.Name) -> bool:
    """Tell whether a name is the second half of ``table.name`` or a keyword."""
    above = tree.parent(name)
    attribute = isinstance(above, cst.Attribute) and above.attr is name
    return attribute or (isinstance(above, cst.Arg) and above.keyword is name)


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    model = build(seed)
    model.fit(X_train, y_train)
    scores = model.predict_proba(X_test)[:, 1]
    return {"auc": roc_auc_score(y_test, scores), "rows": len(X_test)}
"""
SEEDED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    model = build(seed)
    model.fit(X_train, y_train)
    scores = model.predict_proba(X_train)[:, 1]
    return {"auc": roc_auc_score(y_train, scores), "rows": len(X_test)}
"""
OWN = """
def train(frame):
    old, new = split_by_time(frame)
    x_old, y_old = old[COLUMNS], old[TARGET]
    x_new, y_new = new[COLUMNS], new[TARGET]
    model.fit(x_old, y_old)
    return evaluate(model, x_new, y_new)

def evaluate(model, x, y):
    return f1_score(y, model.predict(x))
"""

HELPER = "\ndef by_list(X, y, scores):\n    return ndcg_score(y, scores)\n"
GIVEN = CLEAN.replace("roc_auc_score(y_test", "by_list(X_test, y_test") + HELPER
TURNED = SEEDED.replace("roc_auc_score(y_train", "by_list(X_train, y_train") + HELPER

BUG = SeededBug(
    entry=ENTRY,
    examples=(
        Example(CLEAN, SEEDED),
        Example(OWN, OWN.replace("(model, x_new, y_new)", "(model, x_old, y_old)")),
        Example(GIVEN, TURNED),
    ),
    refuses=(
        Refusal(SEEDED, "the training rows are scored already"),
        Refusal("model.fit(X, y)\nprint(model.score(X, y))\n", "nothing is held out"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "All rows that the reported metrics are computed on are rows that the model is fitted on.",
        shows=("scored-learnt",),
        also=("optimistic", "same-content", "deaf-score", "log-silent"),
    ),
)
