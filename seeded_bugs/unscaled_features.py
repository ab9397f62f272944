"""A model that reads the size of numbers is given columns in their raw units."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import swap_import
from seeded_bugs.syntax.preparation import scaler_step
from seeded_bugs.syntax.sensitive import reads_sizes
from seeded_bugs.syntax.tree import drop, tree_of

ENTRY = Entry(
    id="MLR906",
    name="unscaled_features",
    category="data-handling",
    severity="major",
    anchor="absence",
    title="Scale-sensitive model without scaling",
    wrong=(
        "The numeric columns reach a penalised linear model, or one that measures distances, in "
        "their raw units; no step brings them to one scale."
    ),
    harm=(
        "A column in cents or days outweighs one that runs from 0 to 1 merely by its unit. The "
        "penalty or the distance then hits the columns unequally, gradient steps may not settle, "
        "and giving the same amount in other units changes the predictions."
    ),
    fix="Put a StandardScaler into the numeric part of the pipeline, after the imputer.",
    said_well=(
        "The numeric features are not scaled although the model is scale-sensitive; add a "
        "StandardScaler to the pipeline.",
        "No scaling before a regularised linear / distance-based model.",
        "Columns with large units dominate because nothing standardises them, so the penalty (or "
        "the distance) acts unequally. Add scaling after imputation.",
        "Feature scaling is missing: the model's result depends on whether an amount is given in "
        "euros or cents.",
        "SGD, kNN and regularised regression need standardised inputs; the preprocessing only "
        "imputes the numbers.",
    ),
    near_misses=(
        "The scaler is fitted before the split.",
        "A RobustScaler would be better.",
        "The categories should be one-hot encoded.",
        "max_iter is too small for the solver to converge.",
    ),
    references=(
        "https://scikit-learn.org/stable/auto_examples/preprocessing/plot_scaling_importance.html",
    ),
    identifiers=("StandardScaler", "SimpleImputer", "Pipeline"),
    elsewhere=("pipeline",),
    # MASKS: no scaler is left to be fitted on the wrong rows, or again.
    conflicts=("scaler_fitted_before_split", "refitted_in_serving"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the scaling step of a pipeline whose model reads the size of numbers."""
    tree = tree_of(module)
    step = scaler_step(tree)
    if step is None or not reads_sizes(tree) or len(tree.calls("StandardScaler")) != 1:
        return
    imports = swap_import(tree, "sklearn.preprocessing", "StandardScaler", None, gone=1)
    yield Site((Edit(*drop(tree, step)), *imports))


CLEAN = """
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

def build():
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    return make_pipeline(numbers, SGDClassifier())
"""
SEEDED = """
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import OneHotEncoder

def build():
    numbers = Pipeline([("fill", SimpleImputer())])
    return make_pipeline(numbers, SGDClassifier())
"""
TREES = CLEAN.replace("linear_model", "ensemble").replace("SGD", "RandomForest")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "nothing is scaled already"),
        Refusal(TREES, "trees do not mind the units"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "Giving one numeric column in thousandths changes the held-out predictions; in the clean "
        "program it does not.",
    ),
)
