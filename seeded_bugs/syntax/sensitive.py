"""Whether the model reads the size of numbers: linear and distance models do, trees do not."""

import re

from seeded_bugs.syntax.shapes import estimators
from seeded_bugs.syntax.tree import Tree, call_name

_SIZES = re.compile(r"Regression$|^Ridge|^Lasso|^Elastic|^SGD|SV[CR]$|^KN|^MLP|Perceptron")


_TREES = re.compile("Forest|Tree|Boosting")


def grows_trees(tree: Tree) -> bool:
    """Tell whether every model of the program is made of trees, and of nothing else."""
    models = [call_name(model) for model in estimators(tree)]
    return bool(models) and all(_TREES.search(name) for name in models)


def reads_sizes(tree: Tree) -> bool:
    """Tell whether every model of the program adds numbers up or measures distances."""
    models = [call_name(model) for model in estimators(tree)]
    return bool(models) and all(_SIZES.search(name) for name in models)
