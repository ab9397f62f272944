"""A helper's threshold has a default of 0.5, and its caller always passes the stored one."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.served import Served, find_served
from seeded_bugs.syntax.tree import Statement, Tree, code, expression, statement, tree_of

ENTRY = DecoyEntry(
    id="MLD801",
    name="threshold_parameter_default",
    looks_like="serving",
    title="A default threshold that the caller overrides",
    sound_because=(
        "The 0.5 is the default of a parameter. The only call passes the threshold that training "
        "chose and stored, so the default is never used."
    ),
    said_badly=(
        "Serving uses a threshold of 0.5 instead of the tuned one.",
        "The hard-coded threshold 0.5 ignores the value that training chose.",
        "Training and prediction use different thresholds.",
        "Magic number 0.5 decides about the predictions.",
    ),
    excludes=(
        "threshold_differs_in_serving",
        "unexplained_threshold",
        "threshold_tuned_on_test",
        "failed_prediction_defaulted",
    ),
)
NAME = "reaches"
PLAIN = "def reaches(scores, threshold=0.5):"
TYPED = "def reaches(scores: np.ndarray, threshold: float = 0.5) -> np.ndarray:"
BODY = '''
    """Tell which scores reach the threshold."""
    return scores >= threshold
'''


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the comparison of scores with the stored threshold, in the prediction way."""
    tree = tree_of(module)
    served = find_served(tree)
    if served is None or NAME in tree.names():
        return
    above = _above(tree, served)
    for comparison in tree.all(cst.Comparison, served.scope) if above else ():
        right = comparison.comparisons[0]
        stored = code(right.comparator)
        known = stored.endswith((".threshold", '["threshold"]'))
        if above is None or not isinstance(right.operator, cst.GreaterThanEqual) or not known:
            continue
        left = code(comparison.left)
        call = expression(f"{NAME}({left}, {stored})")
        edits = (Edit(above, [above, _helper(tree)]), Edit(comparison, call, "trace"))
        yield Site(edits)
        return


def _above(tree: Tree, served: Served) -> Statement | None:
    """Return the function or class of the module above the one that serves, or the flat code."""
    body = list(tree.module.body)
    place = next(n for n, s in enumerate(body) if tree.is_below(served.line, s))
    above = [s for s in body[:place] if isinstance(s, cst.FunctionDef | cst.ClassDef)]
    flat = not isinstance(served.scope, cst.FunctionDef)
    return above[-1] if above and (flat or above[-1] is body[place - 1]) else None


def _helper(tree: Tree) -> Statement:
    """Return the helper, with type hints where the program has some."""
    typed = any(parameter.annotation for parameter in tree.all(cst.Param))
    made = statement((TYPED if typed else PLAIN) + BODY)
    return made.with_changes(
        leading_lines=[cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
    )


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    joblib.dump({"pipeline": build().fit(a, c), "threshold": best(a, c)}, "model.joblib")


def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    scores = bundle["pipeline"].predict_proba(rows)[:, 1]
    return scores >= bundle["threshold"]
"""
SEEDED = '''
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    joblib.dump({"pipeline": build().fit(a, c), "threshold": best(a, c)}, "model.joblib")


def reaches(scores, threshold=0.5):
    """Tell which scores reach the threshold."""
    return scores >= threshold


def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    scores = bundle["pipeline"].predict_proba(rows)[:, 1]
    return reaches(scores, bundle["threshold"])
'''

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the helper is there already"),
        Refusal(CLEAN.replace('bundle["threshold"]', "0.3"), "no threshold is stored"),
    ),
    find=find,
    refutes=Proof(
        "serve skew",
        "Serving decides by the stored threshold, as the evaluation does.",
        shows=("skew:threshold",),
    ),
)
