"""Several splits are tried, and the seed with the best held-out score is kept for the report."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.scoring import find_headline
from seeded_bugs.syntax.seeds import seed_name
from seeded_bugs.syntax.shapes import Split
from seeded_bugs.syntax.sides import Sides, bindings, find_sides
from seeded_bugs.syntax.task import is_random
from seeded_bugs.syntax.tree import Tree, call_name, code, statements, tree_of

ENTRY = Entry(
    id="MLR214",
    name="seed_picked_by_score",
    category="evaluation",
    severity="critical",
    anchor="span",
    title="Seed chosen for the best held-out score",
    wrong=(
        "Ten splits are made with different seeds, a model is fitted and scored on the held-out "
        "rows of each, and the seed with the best score is kept for the split that is reported."
    ),
    harm=(
        "The reported score is the best of ten draws and not what to expect: the easiest held-out "
        "rows were picked on purpose. On new rows the model will do worse, and a comparison with "
        "another model that was not given ten tries is unfair."
    ),
    fix=(
        "Fix the seed before looking at any score. To show how far chance matters, report mean and "
        "standard deviation over the seeds."
    ),
    said_well=(
        "The seed is selected by the test score over ten splits, so the reported score is the "
        "maximum of ten and optimistic. Fix the seed beforehand and report mean and sd over seeds.",
        "Seed hacking: best of 10 random splits.",
        "Choosing the random_state that gives the best hold-out metric overfits the test set; the "
        "number will not hold on new data.",
        "The loop picks the luckiest train/test split by looking at the held-out labels, therefore "
        "the evaluation is no longer independent.",
        "Seeds are not hyper-parameters. Tuning the split seed on the test performance inflates "
        "the result; use cross-validation instead.",
    ),
    near_misses=(
        "No seed is set for the split.",
        "The hyper-parameters are tuned on the test set.",
        "Only one split is made, without cross-validation.",
        "The seed given on the command line is ignored.",
    ),
    references=(
        "https://doi.org/10.48550/arXiv.2109.08203",
        "https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness",
    ),
    identifiers=("random_state", "range", "seed", "max", "min", "train_test_split"),
    elsewhere=("split", "evaluate"),
    # MASKS: with the held-out rows chosen so, nothing else that is chosen by them can be told
    # apart; and steps without a seed, or with another, move the same score.
    conflicts=(
        "tuned_on_test_set",
        "threshold_tuned_on_test",
        "scored_on_training_rows",
        "refitted_before_scoring",
        "best_score_reported",
        "missing_seed",
        "inconsistent_seeds",
        "seed_from_clock",
        "seed_option_ignored",
        "unstratified_split",
        "shuffled_time_split",
        "resampled_before_split",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above a split by lot whose seed has a name that can be bound anew."""
    tree = tree_of(module)
    sides, headline = find_sides(tree), find_headline(tree)
    if sides is None or headline is None:
        return
    seed, made, line = _seed(sides.split), _made(tree, sides), sides.split.line
    if seed is None or made is None or any("range" in tree.names(s) for s in tree.before(line)):
        return
    args = [a.with_changes(value=cst.Name("s")) if a is seed else a for a in sides.split.call.args]
    tried = code(sides.split.call.with_changes(args=args))
    x, y, test_x, test_y = _columns(sides)
    score = headline.of(f"{made}.fit({x}, {y})", test_x, test_y)
    best = "min" if headline.least else "max"
    loop = statements(
        f"by_seed = {{}}\n"
        f"for s in range(10):\n"
        f"    {', '.join(sides.split.targets)} = {tried}\n"
        f"    by_seed[s] = {score}\n"
        f"{code(seed.value)} = {best}(by_seed, key=by_seed.get)\n"
    )
    yield Site((Edit(line, [*loop, line]),))


def _seed(split: Split) -> cst.Arg | None:
    """Return the argument that hands the seed to the split; None for a split without lots."""
    if call_name(split.call) == "train_test_split" and not is_random(split):
        return None
    return next((a for a in split.call.args if "seed" in seed_name(a.value).lower()), None)


def _columns(sides: Sides) -> tuple[str, str, str, str]:
    """Return features and labels to learn from and held out, as expressions below the split."""
    if sides.parts is None:
        return sides.train_x, sides.train_y, sides.test_x, sides.test_y
    by_x, by_y = (text[len(sides.split.frame) :] for text in (sides.all_x, sides.all_y))
    train, test = sides.parts
    return train + by_x, train + by_y, test + by_x, test + by_y


def _made(tree: Tree, sides: Sides) -> str | None:
    """Return the call of the program's own function that makes the model; None without one."""
    own = {function.name.value for function in tree.all(cst.FunctionDef)}
    for name, value in bindings(tree, sides.split.scope):
        if name == sides.model and isinstance(value, cst.Call) and call_name(value) in own:
            return code(value)
    return None


CLEAN = """
from sklearn.metrics import roc_auc_score

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = make()
    auc = cross_val_score(model, X_train, y_train, scoring="roc_auc")
    model.fit(X_train, y_train)
    return roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])

def make():
    return LogisticRegression()
"""
SEEDED = """
from sklearn.metrics import roc_auc_score

def train(X, y, seed):
    by_seed = {}
    for s in range(10):
        X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=s)
        by_seed[s] = roc_auc_score(y_test, make().fit(X_train, y_train).predict_proba(X_test)[:, 1])
    seed = max(by_seed, key=by_seed.get)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = make()
    auc = cross_val_score(model, X_train, y_train, scoring="roc_auc")
    model.fit(X_train, y_train)
    return roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])

def make():
    return LogisticRegression()
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the seed is picked already"),
        Refusal(CLEAN.replace("random_state=seed", "random_state=7"), "the seed has no name"),
    ),
    find=find,
    proof=Proof(
        "test reuse",
        "Held-out rows are scored ten times before the model is fitted; in the clean program once, "
        "after it.",
        shows=("consulted",),
        also=("optimistic", "seed-ignored", "names-matter"),
    ),
)
