"""The error of a model of amounts is computed on logarithms and reported as if in units."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import metric_calls
from seeded_bugs.syntax.tree import Tree, call_name, code, expression, keyword, tree_of

ENTRY = Entry(
    id="MLR308",
    name="error_on_log_scale",
    category="statistics",
    severity="major",
    anchor="span",
    title="Error computed on the log scale and reported in units",
    wrong=(
        "The absolute errors of the held-out predictions are computed between the logarithms of "
        "truth and prediction, but reported under the name of the error in units."
    ),
    harm=(
        "A reported MAE of 0.3 is taken for a third of a unit and is a factor of 1.35. Large rows, "
        "which cost most, hardly count on that scale. The figure cannot be compared with the "
        "cross-validated error, with other models, or with what an error costs."
    ),
    fix=(
        "Compute the error on the original scale (or name it for what it is, as a log error, and "
        "report the one in units besides)."
    ),
    said_well=(
        "The MAE is computed on log1p values but reported as if it were in the original units. "
        "Compute it on the raw scale.",
        "Metric on the log scale.",
        "Taking np.log1p of both arguments makes the error look tiny and hides large misses; the "
        "prediction is already back-transformed, so compare it with the target directly.",
        "This is a relative (log) error and must not be called MAE in units; the report is "
        "misleading and not comparable with the CV MAE.",
        "Why log the targets in the metric? Business wants units, and errors on big values are "
        "compressed by the logarithm.",
    ),
    near_misses=(
        "The target should be log-transformed because it is skewed.",
        "MAPE would be a better metric.",
        "Back-transforming log predictions is biased for the mean.",
        "No interval is reported with the error.",
    ),
    references=(
        "https://scikit-learn.org/stable/auto_examples/compose/plot_transformed_target.html",
        "https://otexts.com/fpp3/accuracy.html",
    ),
    identifiers=("log1p", "mean_absolute_error"),
    elsewhere=("evaluate",),
    # MASKS: the same figures, wrong for another reason. SAME LINE: the lines of the metrics.
    conflicts=("scored_on_training_rows", "best_score_reported"),
)
IN_UNITS = ("mean_absolute_error", "root_mean_squared_error", "median_absolute_error")


def find(module: cst.Module) -> Iterator[Site]:
    """One site: all errors in units, in a program that learns the logarithm of its target."""
    tree = tree_of(module)
    log = _logarithm(tree)
    measured = [call for call in metric_calls(tree) if call_name(call) in IN_UNITS]
    edits = [edit for call in measured if log for edit in _logged(call, log)]
    if edits:
        yield Site(tuple(edits))


def _logarithm(tree: Tree) -> str | None:
    """Return the function through which the target goes before the model learns it."""
    for call in tree.calls("TransformedTargetRegressor"):
        through = keyword(call, "func")
        if through is not None and code(through.value) in ("np.log", "np.log1p"):
            return code(through.value)
    return None


def _logged(call: cst.Call, log: str) -> Iterator[Edit]:
    """Yield the edits that take the logarithm of truth and prediction."""
    given = [argument.value for argument in call.args if argument.keyword is None]
    if len(given) == 2 and not any(code(value).startswith(log) for value in given):
        for value in given:
            yield Edit(value, expression(f"{log}({code(value)})"))


CLEAN = """
import numpy as np
from sklearn.metrics import mean_absolute_error

def build():
    return TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)

def train(X, y):
    a, b, c, d = train_test_split(X, y, random_state=7)
    sold = build().fit(a, c).predict(b)
    return {"mae": mean_absolute_error(d, sold)}
"""
SEEDED = CLEAN.replace("error(d, sold)", "error(np.log1p(d), np.log1p(sold))")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the errors are on the log scale already"),
        Refusal(CLEAN.replace("func=np.log1p, ", ""), "nothing in the program is logarithmic"),
    ),
    find=find,
    proof=Proof(
        "metric blind",
        "The metric is given values that are not the target's own but their logarithms; the "
        "reported error is many times smaller than the one in units.",
        shows=("log-scale",),
        also=("optimistic",),
    ),
)
