"""All training rows go through the fitted preprocessing first, and the folds are cut afterwards."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.folds import find_fold_scores
from seeded_bugs.syntax.predicting import line_of, stacked
from seeded_bugs.syntax.tree import code, expression, tree_of

ENTRY = Entry(
    id="MLR111",
    name="transformed_before_folds",
    category="leakage",
    severity="major",
    anchor="span",
    title="Preprocessing fitted on all training rows before cross-validation",
    wrong=(
        "The steps before the model are fitted on all training rows, and cross_val_score gets the "
        "transformed rows and the bare model. The preprocessing is not refitted in the folds."
    ),
    harm=(
        "Each fold's validation rows have already shaped what the model of that fold is given: "
        "medians, scales, categories, vocabulary. The cross-validated score is no longer measured "
        "on unseen rows, and with a step that looks at the labels it becomes worthless."
    ),
    fix="Give cross_val_score the whole pipeline and the raw rows, so that every fold refits it.",
    said_well=(
        "The preprocessing is fitted on the complete training set before cross-validation, so each "
        "validation fold leaks into it. Pass the whole pipeline to cross_val_score.",
        "fit_transform outside of the CV loop: leakage between folds.",
        "cross_val_score only refits the estimator here, because the transformers were fitted on "
        "all folds beforehand; the CV score is optimistic.",
        "Imputer, scaler and encoder have seen the validation folds. They belong inside the "
        "cross-validated pipeline and must be fitted per fold.",
        "CV runs on already transformed data -> statistics of the held-back fold are in the "
        "training folds. Use the pipeline with the raw X_train.",
    ),
    near_misses=(
        "The scaler is fitted on all rows before the train/test split.",
        "There is no cross-validation.",
        "The folds should be stratified.",
        "The transformation is computed twice, which is slow.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage-during-pre-processing",
        "https://scikit-learn.org/stable/modules/cross_validation.html#data-transformation-with-held-out-data",
    ),
    identifiers=("fit_transform", "cross_val_score", "prepared", "pipeline"),
    elsewhere=("cross-validate",),
    # SAME LINE: the line that cross-validates.
    conflicts=("no_cross_validation", "best_score_reported"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the cross-validation of a pipeline that has a name."""
    tree = tree_of(module)
    scores = find_fold_scores(tree)
    if scores is None or not tree.calls("Pipeline", "make_pipeline"):
        return
    given = [argument for argument in scores.call.args if argument.keyword is None]
    if len(given) != 3 or not isinstance(given[0].value, cst.Name) or "prepared" in tree.names():
        return
    model, rows, labels = (code(argument.value) for argument in given)
    fitted = line_of(f"prepared = {model}[:-1].fit_transform({rows}, {labels})")
    changed = {id(given[0]): f"{model}[-1]", id(given[1]): "prepared"}
    args = [
        a.with_changes(value=expression(changed[id(a)])) if id(a) in changed else a
        for a in scores.call.args
    ]
    folded = scores.line.deep_replace(scores.call, scores.call.with_changes(args=args))
    assert isinstance(folded, cst.SimpleStatementLine)
    yield Site((Edit(scores.line, stacked([fitted, folded], folded)),))


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    auc = cross_val_score(pipeline, X_train, y_train, cv=5, scoring="roc_auc")
    pipeline.fit(X_train, y_train)
"""
SEEDED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    prepared = pipeline[:-1].fit_transform(X_train, y_train)
    auc = cross_val_score(pipeline[-1], prepared, y_train, cv=5, scoring="roc_auc")
    pipeline.fit(X_train, y_train)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are transformed before the folds already"),
        Refusal(
            "auc = cross_val_score(LogisticRegression(), X, y)\n", "nothing comes before the model"
        ),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the features of one fold's validation rows changes the rows that the model of "
        "that fold is trained on; in the clean program it does not.",
    ),
)
