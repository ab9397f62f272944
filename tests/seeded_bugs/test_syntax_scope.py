"""Training and serving are told apart in flat scripts as they are in functions."""

import libcst as cst
import pytest

from seeded_bugs.syntax.removal import removed, uses
from seeded_bugs.syntax.shapes import find_loaded, find_serving, find_split
from seeded_bugs.syntax.tree import Scope, Tree, assignment, code, target_names, tree_of

TWO_BLOCKS = """
def add_features(frame):
    frame["wide"] = frame["a"] / frame["b"]
    return frame

frame = pd.read_csv(args.data)
if args.command == "train":
    X = add_features(frame)
    X_train, X_test, y_train, y_test = train_test_split(X, frame["y"])
    model = LogisticRegression().fit(X_train, y_train)
    joblib.dump({"model": model}, path)
if args.command == "predict":
    bundle = joblib.load(path)
    rows = add_features(frame)
    answer = bundle["model"].predict(rows)
"""
ONE_CHAIN = TWO_BLOCKS.replace('if args.command == "predict":', "else:")
ELIF = TWO_BLOCKS.replace('if args.command == "predict":', 'elif args.command == "predict":')
SHARED = TWO_BLOCKS.replace("frame = pd.read_csv(args.data)", "rows = add_features(frame)").replace(
    "    rows = add_features(frame)\n", "    rows = rows.copy()\n"
)


def tree(text: str) -> Tree:
    return tree_of(cst.parse_module(text))


def line(tree: Tree, *names: str) -> cst.SimpleStatementLine:
    """Return the line that binds these names."""
    for found in tree.all(cst.SimpleStatementLine):
        assign = assignment(found)
        if assign is not None and target_names(assign) == list(names):
            return found
    raise LookupError(names)


def names_in(tree: Tree, scope: Scope) -> list[str]:
    lines = [assignment(s) for s in tree.all(cst.SimpleStatementLine, scope)]
    return [name for assign in lines if assign for name in target_names(assign)]


@pytest.mark.parametrize("text", [TWO_BLOCKS, ONE_CHAIN, ELIF], ids=["if if", "if else", "elif"])
def test_the_two_ways_of_a_flat_script_are_two_scopes(text: str) -> None:
    found = tree(text)
    split, serving, loaded = find_split(found), find_serving(found), find_loaded(found)
    assert split is not None
    assert serving is not None
    assert loaded is not None
    assert names_in(found, split.scope)[0] == "X"
    assert names_in(found, split.scope)[-1] == "model"
    assert names_in(found, serving.scope) == ["bundle", "rows", "answer"]
    assert loaded.scope is serving.scope


def test_a_function_is_a_scope_wherever_it_stands() -> None:
    found = tree("if a:\n    def f():\n        if b:\n            x = 1\n")
    scope = found.scope(line(found, "x"))
    assert isinstance(scope, cst.FunctionDef)


def test_an_inner_block_belongs_to_the_outermost_one() -> None:
    found = tree("if a:\n    with b:\n        for c in d:\n            x = 1\n")
    assert found.scope(line(found, "x")) is found.module.body[0]


def test_a_line_of_the_module_belongs_to_the_module_alone() -> None:
    found = tree(TWO_BLOCKS)
    assert found.scope(line(found, "frame")) is found.module
    assert names_in(found, found.module) == ["frame"]


def test_features_that_both_ways_share_are_not_the_serving_way() -> None:
    assert find_split(tree(SHARED)) is not None
    assert find_serving(tree(SHARED)) is None


FLAT = """
if train:
    baseline = DummyClassifier().fit(X, y)
    base = score(baseline, X)
    report = {"f1": f1, "base": base}
else:
    base = other()
    report = {"rows": base}
print(report)
"""


def test_a_name_of_a_flat_script_is_used_where_it_is_read_later() -> None:
    found = tree(FLAT)
    scope = found.scope(line(found, "baseline"))
    assert len(uses(found, "report", scope)) == 2
    assert found.is_free(uses(found, "report", scope)[1])


def test_a_name_that_the_other_way_binds_for_itself_is_another() -> None:
    found = tree(FLAT)
    scope = found.scope(line(found, "baseline"))
    assert [code(found.statement(use)).strip() for use in uses(found, "base", scope)] == [
        "base = score(baseline, X)",
        'report = {"f1": f1, "base": base}',
    ]


def test_lines_whose_result_the_rest_of_a_flat_script_needs_cannot_go() -> None:
    found = tree(FLAT.replace("print(report)", "send(base)"))
    scope = found.scope(line(found, "baseline"))
    assert removed(found, scope, [line(found, "baseline")]) is None
    found = tree(FLAT)
    scope = found.scope(line(found, "baseline"))
    assert removed(found, scope, [line(found, "baseline")]) is not None
