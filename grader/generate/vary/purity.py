"""Which lines of a program can change places: what each reads, what it changes, what it may do.

A line is *free* when all it does is bind names, fill one column of a table or log, and everything
it calls is known to change nothing. Any other line is a wall that nothing passes.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from seeded_bugs.syntax.imported import imported
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.tree import Tree, assignment, call_name, string

# Functions and methods that change nothing and draw nothing at random.
PURE_CALLS = frozenset((
    "abs", "all", "any", "bool", "dict", "enumerate", "float", "frozenset", "int", "isinstance",
    "len", "list", "max", "min", "range", "repr", "reversed", "round", "set", "sorted", "str",
    "sum", "tuple", "zip", "Path", "fromkeys", "DataFrame", "Series", "to_datetime", "to_numeric",
    "date_range", "is_numeric_dtype", "isna", "notna", "isnull", "notnull", "dropna", "fillna",
    "drop", "drop_duplicates", "duplicated", "between", "isin", "astype", "rename", "assign",
    "merge", "clip", "shift", "rolling", "groupby", "transform", "agg", "mean", "std", "median",
    "count", "nunique", "value_counts", "quantile", "sort_values", "sort_index", "reset_index",
    "to_numpy", "tolist", "copy", "replace", "strip", "lower", "upper", "total_seconds",
    "normalize", "floor", "get", "items", "keys", "values", "head", "cumsum", "diff", "size",
    "log", "log1p", "log10", "exp", "expm1", "sqrt", "where", "maximum", "minimum", "arange",
    "unique", "percentile", "concatenate", "array", "zeros", "ones", "full", "asarray", "argmax",
    "argsort", "index", "predict", "predict_proba", "get_params", "read_bytes", "hexdigest",
    "sha256", "encode", "join", "format", "is_file", "exists", "OneHotEncoder", "StandardScaler",
    "SimpleImputer", "OrdinalEncoder", "RobustScaler", "MinMaxScaler", "Pipeline",
    "make_pipeline", "ColumnTransformer", "make_column_transformer", "FunctionTransformer",
    "TfidfVectorizer", "CountVectorizer", "TransformedTargetRegressor", "PolynomialFeatures",
    "StratifiedKFold", "KFold", "TimeSeriesSplit", "RepeatedStratifiedKFold", "GroupKFold",
    "DummyClassifier", "DummyRegressor", "asdict", "get_dummies", "hour", "getLogger",
))  # fmt: skip
ESTIMATORS = re.compile(
    r"[A-Z]\w*(Classifier|Regressor|Regression|Boosting\w*|Ridge|Lasso|SVC|SVR|NB|Net)\Z"
)
LOGGING = frozenset({"debug", "info", "warning", "error"})


@dataclass(frozen=True)
class Doing:
    """What a free line does: what it reads, what it binds or changes, and whether it logs.

    ``column`` is (table, column) where all it changes is one column of a table.
    """

    reads: frozenset[str]
    binds: frozenset[str]
    column: tuple[str, str] | None
    texts: frozenset[str]
    logs: bool


def doing(tree: Tree, statement: cst.CSTNode) -> Doing | None:
    """Return what a line does; None for a wall."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    only = statement.body[0]
    texts = frozenset(s for n in tree.all(cst.SimpleString, statement) if (s := string(n)))
    names = frozenset(_read_names(tree, statement))
    if isinstance(only, cst.Expr) and isinstance(only.value, cst.Call):
        call = only.value
        is_log = call_name(call) in LOGGING and isinstance(call.func, cst.Attribute)
        logger = call.func.value if isinstance(call.func, cst.Attribute) else None
        known = isinstance(logger, cst.Name) and logger.value == logger_name(tree)
        if is_log and known and all(is_pure(tree, a) for a in call.args):
            return Doing(names, frozenset(), None, texts, True)
        return None
    assign = assignment(statement)
    if assign is None or len(assign.targets) != 1 or not is_pure(tree, assign.value):
        return None
    if isinstance(assign.value, cst.Name):
        return None  # a second name for one thing: what changes it by either is not known
    target = assign.targets[0].target
    if isinstance(target, cst.Subscript):
        key = target.slice[0].slice
        column = string(key.value) if isinstance(key, cst.Index) else None
        if isinstance(target.value, cst.Name) and column is not None and len(target.slice) == 1:
            table = target.value.value
            return Doing(names, frozenset({table}), (table, column), texts, False)
        return None
    bound = _bound(target)
    return Doing(names, bound, None, texts, False) if bound is not None else None


def may_swap(a: Doing, b: Doing) -> bool:
    """Tell whether two free lines may change places."""
    if a.logs and b.logs:
        return False
    for one, other in ((a, b), (b, a)):
        if one.column and one.column[1] in other.texts:
            return False  # also where the table goes by another name
    if a.column and b.column and a.column[0] == b.column[0]:
        return True
    return not (a.binds & (b.reads | b.binds) or b.binds & a.reads)


def is_pure(tree: Tree, node: cst.CSTNode) -> bool:
    """Tell whether working an expression out changes nothing and draws nothing."""
    pure = _pure_names(tree)
    for call in tree.all(cst.Call, node):
        name = call_name(call)
        known = name in pure or ESTIMATORS.match(name)
        if not known or any(a.keyword and a.keyword.value == "inplace" for a in call.args):
            return False
    return not tree.all(cst.NamedExpr, node) and not tree.all(cst.Yield, node)


def is_constant(tree: Tree, node: cst.CSTNode) -> bool:
    """Tell whether an expression holds no call at all."""
    return not tree.all(cst.Call, node) and is_pure(tree, node)


@lru_cache(maxsize=16)
def _pure_names(tree: Tree) -> frozenset[str]:
    """Return the pure calls of this program; its own functions are not known to be pure."""
    own = {f.name.value for f in tree.all(cst.FunctionDef)}
    return (PURE_CALLS | imported(tree, "sklearn.metrics")) - own


def _bound(target: cst.BaseExpression) -> frozenset[str] | None:
    if isinstance(target, cst.Name):
        return frozenset({target.value})
    if isinstance(target, cst.Tuple):
        names = [e.value.value for e in target.elements if isinstance(e.value, cst.Name)]
        return frozenset(names) if len(names) == len(target.elements) else None
    return None


def _read_names(tree: Tree, statement: cst.CSTNode) -> set[str]:
    """Return every name of a line but attributes and keywords; what it binds counts as read."""
    skip = {id(a.attr) for a in tree.all(cst.Attribute, statement)}
    skip |= {id(a.keyword) for a in tree.all(cst.Arg, statement) if a.keyword is not None}
    return {n.value for n in tree.all(cst.Name, statement) if id(n) not in skip}
