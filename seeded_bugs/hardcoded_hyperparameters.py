"""Hyper-parameters stand as bare numbers in the call that makes the model."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.constants import settings, typed
from seeded_bugs.syntax.shapes import estimators
from seeded_bugs.syntax.tree import tree_of, with_keyword

ENTRY = Entry(
    id="MLR502",
    name="hardcoded_hyperparameters",
    category="configuration",
    severity="minor",
    anchor="span",
    title="Hyper-parameters as literals in the estimator call",
    wrong=(
        "The hyper-parameters of the model are numbers typed into the call, not the settings "
        "that the program defines."
    ),
    harm=(
        "Nobody can tell where the values come from or change them without editing the code; "
        "the recorded settings no longer say what was trained."
    ),
    fix="Take the values from the configuration, with a note on how they were chosen.",
    said_well=(
        "Hyper-parameters are hard-coded in the estimator call; move them to the "
        "configuration so that they can be tuned and recorded.",
        "Magic numbers for the model settings. Where do these values come from?",
        "The model is built with literal hyperparameters instead of the settings defined "
        "above, so changing the config has no effect.",
        "Hardcoded hyperparameters, make them parameters of the run and log them.",
        "These tuning values are typed into the constructor with no explanation, which "
        "makes experiments impossible to track.",
    ),
    near_misses=(
        "The hyper-parameters were tuned on the test set.",
        "Try more trees.",
        "The decision threshold is a magic number.",
    ),
    references=("https://scikit-learn.org/stable/modules/grid_search.html",),
    identifiers=(
        "max_iter",
        "n_estimators",
        "alpha",
        "learning_rate",
        "C",
    ),
    elsewhere=("pipeline",),
    conflicts=(),
)

LEAST = 2


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each model whose keywords name at least two settings: they become numbers."""
    tree = tree_of(module)
    table = settings(tree)
    for call in estimators(tree):
        seeded, count = call, 0
        for argument in call.args:
            value = typed(tree, argument, table)
            if argument.keyword is not None and value is not None:
                seeded = with_keyword(seeded, argument.keyword.value, value)
                count += 1
        if count >= LEAST:
            yield Site((Edit(call, seeded),))


CLEAN = """
from sklearn.linear_model import LogisticRegression

C = 0.1
MAX_ITER = 500

def build():
    return LogisticRegression(C=C, max_iter=MAX_ITER)
"""
SEEDED = """
from sklearn.linear_model import LogisticRegression

C = 0.1
MAX_ITER = 500

def build():
    return LogisticRegression(C=0.1, max_iter=500)
"""
IN_A_FILE = """
import tomllib
from sklearn.linear_model import ElasticNet

def read_settings(path):
    return tomllib.loads(path.read_text())

def build(settings):
    return ElasticNet(alpha=settings["alpha"], max_iter=settings["max_iter"], random_state=SEED)
"""
TYPED = IN_A_FILE.replace('settings["alpha"]', "0.001").replace('settings["max_iter"]', "1000")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(IN_A_FILE, TYPED)),
    refuses=(
        Refusal(SEEDED, "the values are literals already"),
        Refusal(
            IN_A_FILE.replace("tomllib.loads(path.read_text())", "parse(path)"),
            "nobody knows what the settings are worth",
        ),
        Refusal("from sklearn.svm import SVC\nmodel = SVC()\n", "no setting is named"),
    ),
    find=find,
    proof=Proof(
        "static",
        "The estimator call holds numeric literals where the clean program names settings.",
        shows=("literal-settings",),
    ),
)
