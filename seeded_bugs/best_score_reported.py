"""The best score of a search over settings is reported as the score of the model."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.scoring import HEADLINES, Headline, judged
from seeded_bugs.syntax.sides import Sides, find_sides
from seeded_bugs.syntax.tree import (
    Scope,
    Tree,
    assignment,
    call_name,
    code,
    expression,
    keyword,
    statement,
    statements,
    string,
    target_names,
    tree_of,
)
from seeded_bugs.syntax.trials import find_trial

ENTRY = Entry(
    id="MLR208",
    name="best_score_reported",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Best score of the search reported as the score of the model",
    wrong=(
        "GridSearchCV picks the setting with the best cross-validation score, and that very "
        "best_score_ is stored and reported in place of the score on the held-out rows."
    ),
    harm=(
        "The largest of several noisy scores is too good on average, since it was picked for "
        "being large. The folds have decided about the model and cannot judge it as well; the "
        "bias grows with the number of settings."
    ),
    fix=(
        "Report the score of the chosen model on held-out rows that took no part in the search, "
        "or use nested cross-validation."
    ),
    said_well=(
        "best_score_ of the grid search is reported as the final performance, but it was used to "
        "select the model, so it is optimistic. Score the held-out rows instead.",
        "The selection score is not a generalisation score.",
        "The reported metric is the maximum over the grid on the same folds that chose the "
        "setting; evaluate best_estimator_ on the test set or use nested CV.",
        "Reporting GridSearchCV.best_score_ is biased upwards because the winner is picked by it.",
        "The search result is presented as the model's score although the test rows are there "
        "for that. Use them once for the reported number.",
    ),
    near_misses=(
        "The hyper-parameters are tuned on the test set.",
        "The grid of the search is too small.",
        "There is no cross-validation.",
        "The metrics are computed on the training rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/auto_examples/model_selection/plot_nested_cross_validation_iris.html",
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.GridSearchCV.html",
    ),
    identifiers=("best_score_", "GridSearchCV", "best_estimator_"),
    elsewhere=("cross-validate", "evaluate"),
    conflicts=("tuned_on_test_set", "no_cross_validation", "scored_on_training_rows"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: a search beside the cross-validation, and its score for the held-out one."""
    tree = tree_of(module)
    sides, trial = find_sides(tree), find_trial(tree)
    if sides is None or trial is None or {"GridSearchCV", "set_params"} & tree.names():
        return
    for line in tree.before(sides.fit):
        call = next(iter(tree.calls("cross_val_score", within=line)), None)
        cv = keyword(call, "cv") if call else None
        scoring = keyword(call, "scoring") if call else None
        headline = HEADLINES.get(string(scoring.value) or "") if scoring else None
        if cv is None or scoring is None or headline is None:
            continue
        told = _told(tree, sides, headline)
        if told is None:
            continue
        model, rows = sides.model, f"{sides.train_x}, {sides.train_y}"
        groups = keyword(call, "groups") if call else None
        rows += f", groups={code(groups.value)}" if groups else ""
        search = statements(
            f'grid = {{"{trial.path}": [{trial.values[1:-1]}]}}\n'
            f"search = GridSearchCV({model}, grid, cv={code(cv.value)}, "
            f"scoring={code(scoring.value)}).fit({rows})\n"
            f"{model} = search.best_estimator_\n"
        )
        yield Site(
            (
                told,
                Edit(line, [*search, line], "trace"),
                *import_name(tree, "sklearn.model_selection", "GridSearchCV"),
            )
        )
        return


def _told(tree: Tree, sides: Sides, headline: Headline) -> Edit | None:
    """Return the edit that puts the best score where the held-out score is reported."""
    best = "-search.best_score_" if headline.least else "search.best_score_"
    for found in judged(tree):
        entry = tree.nearest(found.call, cst.DictElement)
        key = string(entry.key) if entry is not None and entry.value is found.call else None
        if not found.model or call_name(found.call) != headline.metric or key is None:
            continue
        if found.scope is sides.split.scope:
            return Edit(found.call, expression(best))
        return _overwritten(tree, sides, found.scope, f'["{key}"] = {best}')
    return None


def _overwritten(tree: Tree, sides: Sides, evaluate: Scope, rest: str) -> Edit | None:
    """Return the edit that overwrites the score in what the program's own evaluation returns."""
    for line in tree.after(sides.fit):
        assign = assignment(line)
        if assign is None or not isinstance(assign.value, cst.Call):
            continue
        names = target_names(assign)
        own = evaluate.name.value if isinstance(evaluate, cst.FunctionDef) else None
        if call_name(assign.value) == own and len(names) == 1:
            return Edit(line, [line, statement(names[0] + rest)])
    return None


CLEAN = """
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import cross_val_score, train_test_split

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    model = make_pipeline(StandardScaler(), Ridge())
    cv_mae = -cross_val_score(model, a, c, cv=5, scoring="neg_mean_absolute_error")
    model.fit(a, c)
    forecast = model.predict(b)
    y_test = d
    return {"mae": mean_absolute_error(y_test, forecast), "cv_mae": cv_mae.mean()}
"""
SEEDED = """
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    model = make_pipeline(StandardScaler(), Ridge())
    grid = {"ridge__alpha": [0.1, 1.0, 10.0]}
    search = GridSearchCV(model, grid, cv=5, scoring="neg_mean_absolute_error").fit(a, c)
    model = search.best_estimator_
    cv_mae = -cross_val_score(model, a, c, cv=5, scoring="neg_mean_absolute_error")
    model.fit(a, c)
    forecast = model.predict(b)
    y_test = d
    return {"mae": -search.best_score_, "cv_mae": cv_mae.mean()}
"""
GROUPED = CLEAN.replace("a, c, cv=5", "a, c, cv=5, groups=users")
GROUPED_SEEDED = SEEDED.replace("a, c, cv=5", "a, c, cv=5, groups=users").replace(
    ".fit(a, c)\n    model =", ".fit(a, c, groups=users)\n    model ="
)

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(GROUPED, GROUPED_SEEDED)),
    refuses=(
        Refusal(SEEDED, "a search is there already"),
        Refusal(CLEAN.replace(', scoring="neg_mean_absolute_error"', ""), "no score is named"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "The reported value stays the same when the held-out rows are exchanged, and equals the "
        "best mean fold score of the search.",
        shows=("deaf-score",),
        also=(
            "optimistic",
            "scored-learnt",
        ),
    ),
)
