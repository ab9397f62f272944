"""One split, one number: nothing tells how far the score would move on other rows."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.removal import orphans, removed
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import assignment, tree_of

SCORERS = ("cross_val_score", "cross_validate")

ENTRY = Entry(
    id="MLR202",
    name="no_cross_validation",
    category="evaluation",
    severity="major",
    anchor="absence",
    title="No cross-validated score: one split, one number",
    wrong=(
        "The model is scored on a single hold-out split. No score is cross-validated, so no mean "
        "and no spread over folds is computed or stored."
    ),
    harm=(
        "The score of one split depends on which rows happened to be held out. Without the "
        "spread over folds nobody can tell a real difference between two models from chance."
    ),
    fix=(
        "Cross-validate the whole pipeline on the training rows, with folds that respect classes "
        "and time, and report mean and standard deviation beside the hold-out score."
    ),
    said_well=(
        "There is no cross-validation: the model is judged by one train/test split, so the score "
        "may be luck. Run cross_val_score on the training part and report mean and deviation.",
        "Single hold-out split only, use k-fold CV.",
        "One number from one split says nothing about its variance; with another seed it could "
        "be quite different. Add cross-validation.",
        "The performance estimate has no spread because the pipeline is never evaluated on "
        "several folds.",
        "I would cross-validate the pipeline on the training rows before trusting this test "
        "score, since a single evaluation can be too good or too bad by chance.",
        "Missing k-fold evaluation, so we cannot see whether the result is stable.",
    ),
    near_misses=(
        "The folds of the cross-validation should be stratified.",
        "The split is not stratified.",
        "The hyper-parameters are chosen on the test set.",
        "There is no baseline to compare the score with.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html",
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.cross_val_score.html",
    ),
    identifiers=(
        "cross_val_score",
        "cross_validate",
        "KFold",
        "StratifiedKFold",
        "TimeSeriesSplit",
    ),
    elsewhere=("split", "fit", "evaluate"),
    conflicts=("best_score_reported",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the line that cross-validates the score, if all that reports it can go too."""
    tree = tree_of(module)
    split = find_split(tree)
    calls = tree.calls(*SCORERS, within=split.scope) if split else []
    if split is None or len(calls) != 1:
        return
    line = tree.statement(calls[0])
    if isinstance(line, cst.SimpleStatementLine) and assignment(line) is not None:
        edits = removed(tree, split.scope, [line])
        if edits is not None:
            gone = [edit.node for edit in edits if edit.new == []]
            helpers = (Edit(helper, None, "support") for helper in orphans(tree, gone))
            yield Site((*edits, *helpers))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    model = build(seed)
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
    cv_auc = cross_val_score(model, a, c, cv=folds, scoring="roc_auc")
    log.info("ROC AUC in %d folds: %.3f", len(cv_auc), cv_auc.mean())
    model.fit(a, c)
    return {"auc": roc_auc_score(d, model.predict_proba(b)[:, 1]), "cv_auc": cv_auc.mean()}
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    model = build(seed)
    model.fit(a, c)
    return {"auc": roc_auc_score(d, model.predict_proba(b)[:, 1])}
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "nothing is cross-validated"),
        Refusal(
            CLEAN.replace("model.fit(a, c)", "model = pick(cv_auc).fit(a, c)").replace(
                "return {", "return model, cv_auc, {"
            ),
            "the scores of the folds decide about the model",
        ),
    ),
    find=find,
    proof=Proof(
        "single split noise",
        "Neither the report nor the log holds a score of folds or its spread; the clean ones do, "
        "and their spread is not small.",
        shows=("no-resampling",),
    ),
)
