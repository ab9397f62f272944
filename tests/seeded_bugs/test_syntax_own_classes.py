"""Programs that make a pipeline class of their own, and seeds that are only handed on."""

import libcst as cst

from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.numeric_steps import find_numeric_steps
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import find_seed
from seeded_bugs.syntax.tree import code, tree_of
from seeded_bugs.syntax.trials import find_trial

PROGRAM = """
from sklearn.ensemble import GradientBoostingClassifier

NUM_COLS = ["price", "rating"]


class Ranker(Pipeline):
    def order(self, X):
        return self.predict_proba(X)[:, 1].argsort()


def build(seed):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer((numbers, NUM_COLS))
    return Ranker([("columns", columns), ("trees", GradientBoostingClassifier(random_state=seed))])


def train(path, seed):
    rows = add_features(pd.read_csv(path))
    older, newer = split_by_day(rows, 0.2)
    model = build(seed).fit(older)
    joblib.dump(
        {
            "model": model,  # pipeline and trees
            "seed": seed,
        },
        "model.joblib",
    )


def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["model"].predict(rows)
"""


def test_a_setting_is_reached_through_a_class_that_inherits_from_pipeline() -> None:
    trial = find_trial(tree_of(cst.parse_module(PROGRAM)))
    assert trial is not None
    assert trial.path == "trees__learning_rate"


def test_a_class_that_inherits_from_nothing_is_no_pipeline() -> None:
    tree = tree_of(cst.parse_module(PROGRAM.replace("Ranker(Pipeline)", "Ranker")))
    assert find_trial(tree) is None
    assert find_numeric_steps(tree) is None


def test_the_numeric_steps_are_reached_through_the_own_class() -> None:
    steps = find_numeric_steps(tree_of(cst.parse_module(PROGRAM)))
    assert steps is not None
    assert (steps.path, steps.columns) == (
        '.named_steps["columns"].transformers_[0][1]',
        "NUM_COLS",
    )


def test_a_seed_that_is_only_handed_on_is_the_seed_of_the_function() -> None:
    tree = tree_of(cst.parse_module(PROGRAM))
    split = find_split(tree)
    assert split is not None
    assert find_seed(tree, split) == "seed"


def test_a_function_without_a_seed_has_none() -> None:
    text = PROGRAM.replace("train(path, seed)", "train(path)").replace("build(seed).fit", "fit")
    tree = tree_of(cst.parse_module(text))
    split = find_split(tree)
    assert split is not None
    assert find_seed(tree, split) is None


def test_what_is_carried_takes_no_comment_of_a_neighbour() -> None:
    """A comment behind the first entry of the bundle speaks of that entry alone."""
    module = cst.parse_module(PROGRAM)
    carried = carry(tree_of(module), "scaler")
    assert carried is not None
    (stored,) = carried.edits
    assert isinstance(stored.new, cst.Dict)
    text = code(stored.new)
    assert '"scaler": scaler,\n        "model": model,  # pipeline and trees\n' in text
