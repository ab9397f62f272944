"""A ranking metric is computed from the ranks of the scores: the value is the same."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.shapes import metric_calls
from seeded_bugs.syntax.sides import baselines
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    expression,
    target_names,
    tree_of,
)

ENTRY = DecoyEntry(
    id="MLD302",
    name="ranks_for_ranking_metric",
    looks_like="statistics",
    title="Ranking metric computed from ranks instead of probabilities",
    sound_because=(
        "ROC AUC and average precision depend on the order of the scores alone. Ranks keep that "
        "order, ties included, so the value is exactly that of the probabilities."
    ),
    said_badly=(
        "roc_auc_score needs probabilities, here it gets ranks, so the AUC is wrong.",
        "The metric is computed from transformed values and not from predict_proba.",
        "Wrong input to the metric: use the predicted probability of the positive class.",
        "Ranking the test scores uses the whole test set and makes the metric too optimistic.",
        "Average precision of ranks is meaningless because they are not between 0 and 1.",
    ),
    excludes=(
        "auc_from_hard_labels",
        "metric_arguments_swapped",
        "wrong_class_column",
        "scored_on_training_rows",
    ),
)
RANKING = ("roc_auc_score", "average_precision_score")
COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a ranking metric of named scores, outside comprehensions."""
    tree = tree_of(module)
    without_insight = _without_insight(tree)
    for call in metric_calls(tree):
        given = [argument.value for argument in call.args if argument.keyword is None]
        drawn = any(isinstance(above, COMPREHENSIONS) for above in tree.up(call))
        if call_name(call) not in RANKING or len(given) != 2 or drawn:
            continue
        # The scores of a trivial model may be no more than labels.
        if isinstance(given[1], cst.Name) and given[1].value not in without_insight:
            yield Site((Edit(given[1], expression(f"pd.Series({given[1].value}).rank()")),))


def _without_insight(tree: Tree) -> set[str]:
    """Return the names of trivial models, and of what is made with one."""
    models = baselines(tree)
    lines = [line for line in tree.all(cst.SimpleStatementLine) if tree.names(line) & models]
    assigns = [assign for line in lines if (assign := assignment(line)) is not None]
    return models | {name for assign in assigns for name in target_names(assign)}


CLEAN = """
from sklearn.metrics import average_precision_score, roc_auc_score

def evaluate(y_test, scores):
    ap = average_precision_score(y_test, scores)
    auc = roc_auc_score(y_test, scores)
    return ap, auc
"""
SEEDED = """
from sklearn.metrics import average_precision_score, roc_auc_score

def evaluate(y_test, scores):
    ap = average_precision_score(y_test, scores)
    auc = roc_auc_score(y_test, pd.Series(scores).rank())
    return ap, auc
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED, site=1),),
    refuses=(
        Refusal(
            SEEDED.replace("average_precision_score(y_test, scores)", "0"), "ranks are used already"
        ),
        Refusal(
            "from sklearn.metrics import roc_auc_score\n"
            "def draws(pairs):\n    return [roc_auc_score(y, p) for y, p in pairs]\n",
            "a bootstrap draw is left alone",
        ),
        Refusal(
            "from sklearn.metrics import roc_auc_score\n"
            "from sklearn.dummy import DummyClassifier\n"
            "dummy = DummyClassifier().fit(a, c)\nguessed = dummy.predict_proba(b)[:, 1]\n"
            "auc = roc_auc_score(d, guessed)\n",
            "a trivial model's scores may be labels",
        ),
    ),
    find=find,
    refutes=Proof(
        "metric blind",
        "The metric equals the one computed from probabilities.",
        shows=("hard-labels", "swapped"),
    ),
)
