"""What is done to the served features stands in the order of training."""

import libcst as cst

from seeded_bugs.contract import Site, sow
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.tree import tree_of

PROGRAM = """
def train(path):
    rows = add_features(pd.read_csv(path))
    a, b = split_rows(rows)

def predict(path):
    X = add_features(pd.read_csv(path))
    X["amount"] = X["amount"].fillna(0)
    return model.predict(X)
"""


def test_a_further_step_comes_after_the_steps_that_are_there() -> None:
    module = cst.parse_module(PROGRAM)
    served = find_served(tree_of(module))
    assert served is not None
    edit = served.then('X["amount"] = scaler.transform(X["amount"])\n')
    site = Site((type(edit)(edit.node, edit.new, "main"),))
    lines = sow(module, site, ("main",)).code.splitlines()
    assert "fillna" in lines[7]
    assert "scaler" in lines[8]
    assert "predict" in lines[9]
