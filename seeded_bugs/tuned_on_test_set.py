"""A setting of the model is chosen by its score on the test rows, which are then reported on."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.logs import info_lines, logger_name
from seeded_bugs.syntax.scoring import Headline, find_headline
from seeded_bugs.syntax.sides import Sides, find_sides
from seeded_bugs.syntax.tree import Tree, assignment, statements, target_names, tree_of
from seeded_bugs.syntax.trials import Trial, find_trial

ENTRY = Entry(
    id="MLR201",
    name="tuned_on_test_set",
    category="evaluation",
    severity="critical",
    anchor="span",
    title="Hyper-parameter chosen by the score on the test rows",
    wrong=(
        "A loop fits the model with several values of a hyper-parameter, scores each on the "
        "held-out rows and keeps the best; the final score is then computed on the same rows."
    ),
    harm=(
        "The held-out rows have taken part in choosing the model, so they are no longer unseen: "
        "the best of several noisy scores is reported, which is too good on average, and more so "
        "the more values are tried."
    ),
    fix=(
        "Choose hyper-parameters by cross-validation on the training rows (GridSearchCV), or on "
        "a validation part of their own, and use the test rows once, for the final score."
    ),
    said_well=(
        "The hyper-parameter is tuned on the test set and the score is reported on the same "
        "rows, so it is optimistic. Tune with GridSearchCV on the training part.",
        "Test set used for model selection.",
        "The loop picks the value with the best held-out score, therefore the test rows leak "
        "into the choice and cannot give an unbiased estimate any more; use cross-validation on "
        "the training rows or a separate validation set.",
        "Hyperparameter search must not look at y_test. Split off a validation set.",
        "The best of several test scores is selected and then reported as the final result, "
        "which is selection bias: the hold-out set may be used once only.",
    ),
    near_misses=(
        "The hyper-parameters are never tuned.",
        "The decision threshold is chosen on the test rows.",
        "The best cross-validation score is reported as the final score.",
        "The model is fitted on all rows before it is scored.",
        "The hyper-parameters are hard-coded literals.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html",
        "https://scikit-learn.org/stable/modules/grid_search.html",
    ),
    identifiers=("set_params", "GridSearchCV", "X_test", "y_test", "max", "best"),
    elsewhere=("split", "evaluate"),
    conflicts=("scored_on_training_rows", "refitted_before_scoring", "best_score_reported"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the line that builds the model, so that all that follows uses the choice."""
    tree = tree_of(module)
    sides, trial, headline = find_sides(tree), find_trial(tree), find_headline(tree)
    if sides is None or trial is None or headline is None or "set_params" in tree.names():
        return
    built = _built(tree, sides)
    if built is not None:
        added = statements(_loop(tree, sides, trial, headline))
        yield Site((Edit(built, [built, *added]),))


def _built(tree: Tree, sides: Sides) -> cst.SimpleStatementLine | None:
    """Return the line between split and fit that builds the model under its name."""
    for line in tree.before(sides.fit):
        assign = assignment(line)
        if (
            assign is not None
            and isinstance(line, cst.SimpleStatementLine)
            and isinstance(assign.value, cst.Call)
            and target_names(assign) == [sides.model]
            and line in tree.after(sides.split.line)
        ):
            return line
    return None


def _loop(tree: Tree, sides: Sides, trial: Trial, headline: Headline) -> str:
    held, model, value = f"{headline.name}_by_{trial.variable}", sides.model, trial.variable
    best = "min" if headline.least else "max"
    lines = [
        f"{held} = {{}}",
        f"for {value} in {trial.values}:",
        f"    {model}.set_params({trial.path}={value}).fit({sides.train_x}, {sides.train_y})",
        f"    {held}[{value}] = {headline.of(model, sides.test_x, sides.test_y)}",
        f"best_{value} = {best}({held}, key={held}.get)",
        f"{model}.set_params({trial.path}=best_{value})",
    ]
    log = logger_name(tree)
    if log is not None and info_lines(tree, sides.split.scope):
        lines.append(f'{log}.info("best {value}: %s", best_{value})')
    return "\n".join(lines) + "\n"


CLEAN = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    model.fit(X_train, y_train)
    return roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
"""
SEEDED = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    auc_by_c = {}
    for c in (0.01, 0.03, 0.1, 0.3, 1.0):
        model.set_params(model__C=c).fit(X_train, y_train)
        auc_by_c[c] = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
    best_c = max(auc_by_c, key=auc_by_c.get)
    model.set_params(model__C=best_c)
    model.fit(X_train, y_train)
    return roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
"""

COMMITTEE = """
from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    both = VotingRegressor([("line", Ridge(alpha=2.0)), ("trees", GradientBoostingRegressor())])
    model = Pipeline([("scale", StandardScaler()), ("model", both)])
    model.fit(X_train, y_train)
    return mean_absolute_error(y_test, model.predict(X_test))
"""
TUNED = COMMITTEE.replace(
    "    model.fit(",
    """    mae_by_depth = {}
    for depth in (2, 3, 4, 6):
        model.set_params(model__trees__max_depth=depth).fit(X_train, y_train)
        mae_by_depth[depth] = mean_absolute_error(y_test, model.predict(X_test))
    best_depth = min(mae_by_depth, key=mae_by_depth.get)
    model.set_params(model__trees__max_depth=best_depth)
    model.fit(""",
)

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(COMMITTEE, TUNED)),
    refuses=(
        Refusal(SEEDED, "a setting is tuned already"),
        Refusal(CLEAN.replace("X_train, X_test, y_train, y_test", "parts"), "no rows are held out"),
        Refusal(
            CLEAN.replace("LogisticRegression()", "LogisticRegression(C=1.0, class_weight=None)"),
            "the program sets and stores every setting that one would try",
        ),
    ),
    find=find,
    proof=Proof(
        "test reuse",
        "Changing labels of held-out rows changes the hyper-parameter that is chosen.",
        shows=("consulted",),
        also=("optimistic",),
    ),
)
