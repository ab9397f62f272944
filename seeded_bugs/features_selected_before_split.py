"""Features are chosen by their relation to the labels of all rows, the held-out ones included."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.builder import hand_over
from seeded_bugs.syntax.preparation import columns_text, find_part, only_for
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import find_labels, has_several_classes
from seeded_bugs.syntax.tree import expression, statements, tree_of

ENTRY = Entry(
    id="MLR104",
    name="features_selected_before_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Features selected with the labels of all rows before the split",
    wrong=(
        "The numeric features are ranked by their relation to the target on the whole table, and "
        "the better half is kept. Only then are the rows split."
    ),
    harm=(
        "The labels of the held-out rows decide which features the model may use, so the held-out "
        "score is optimistic: the more candidate features, the more. On pure noise such a "
        "selection still yields a score above chance. Cross-validation shares the leak."
    ),
    fix=(
        "Split first and select features on the training rows only, best as a step of the "
        "Pipeline (SelectKBest), so that every fold selects anew."
    ),
    said_well=(
        "Feature selection uses the target of all rows before the split, so the test labels leak "
        "into the choice of features and the score is optimistic. Select inside the pipeline.",
        "Correlation with y computed on the full data, then split: selection leakage.",
        "The features are chosen by looking at the held-out labels as well; do the selection on "
        "X_train only, e.g. with SelectKBest as a pipeline step.",
        "Supervised feature selection must happen within each fold. Here it has seen every label, "
        "also those of the hold-out, hence the reported metric is biased upwards.",
        "selected columns depend on test labels -> leak. Split first, rank features afterwards on "
        "the training part.",
    ),
    near_misses=(
        "Correlation only finds linear relations; mutual information would be better.",
        "There are too many features for so few rows.",
        "The scaler is fitted on all rows before the split.",
        "The number of selected features is a magic number.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
        "https://doi.org/10.1007/978-0-387-84858-7",
    ),
    identifiers=("corrwith", "selected", "relevance", "SelectKBest", "groupby"),
    elsewhere=("split",),
    # A feature that is the outcome in disguise outranks all others and hides the choice.
    # A pipeline that is fitted again while serving asks for columns that were not selected.
    conflicts=("feature_known_after_outcome", "refitted_in_serving"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split, where the pipeline's numeric columns can be handed to it."""
    tree = tree_of(module)
    split, part = find_split(tree), find_part(tree, "NUM")
    if split is None or part is None:
        return
    labels, columns = find_labels(tree, split), columns_text(tree, part)
    passed = hand_over(tree, split, part.columns, "selected", "list[str]")
    if labels is None or columns is None or passed is None:
        return
    numbers = f"{split.frame}[{columns}]"
    ranked = f"relevance = {numbers}.corrwith({labels}).abs()\n"
    if has_several_classes(tree):
        ranked = (
            f"candidates = {numbers}\n"
            f"relevance = candidates.groupby({labels}).mean().std() / candidates.std()\n"
        )
    chosen = statements(
        ranked + "selected = relevance[relevance > relevance.median()].index.tolist()\n"
    )
    gone = only_for(tree, part.columns)
    yield Site(
        (
            Edit(split.line, [*chosen, split.line]),
            Edit(part.columns, expression("selected"), "support"),
            *passed,
            *(Edit(line, None, "support") for line in gone),
        )
    )


CLEAN = '''
NUM_COLUMNS = ["tenure", "charge", "calls"]

def build(seed):
    """Return the unfitted pipeline."""
    columns = ColumnTransformer([("num", StandardScaler(), NUM_COLUMNS)])
    return make_pipeline(columns, LogisticRegression(random_state=seed))

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build(seed)
    pipeline.fit(X_train, y_train)
    return roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
'''
SEEDED = '''
NUM_COLUMNS = ["tenure", "charge", "calls"]

def build(seed, selected):
    """Return the unfitted pipeline."""
    columns = ColumnTransformer([("num", StandardScaler(), selected)])
    return make_pipeline(columns, LogisticRegression(random_state=seed))

def train(X, y, seed):
    relevance = X[NUM_COLUMNS].corrwith(y).abs()
    selected = relevance[relevance > relevance.median()].index.tolist()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build(seed, selected)
    pipeline.fit(X_train, y_train)
    return roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
'''

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the columns of the pipeline are chosen already"),
        Refusal(CLEAN.replace("(X, y, r", "(X, r"), "the labels are not at hand above the split"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the labels of held-out rows changes which columns the model reads.",
        shows=("learnt:labels", "fit:labels", "features:labels", "passed-on:labels"),
        also=("optimistic",),
    ),
)
