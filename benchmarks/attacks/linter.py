"""A linter of public rules, of the kind that ruff, pandas-vet and dslinter have.

It knows neither the scenarios nor the catalogue; what it finds, any tool run by a candidate finds.
"""

import ast
from collections.abc import Callable, Iterator

from attacks.score import Guess

_LONG_FUNCTION = 50
_RANDOM = ("Classifier", "Regressor", "KFold", "Split", "PCA", "KMeans", "split", "sample")
_STEPS = ("Scaler", "Imputer", "Encoder", "SelectKBest", "PCA", "Vectorizer")


def guesses(program: str) -> list[Guess]:
    """Return the statements on which some rule speaks."""
    tree = ast.parse(program)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.excepthandler):
            own = list(_own(node))
            if any(rule(part) for part in own for rule in RULES):
                found.append(_head(node))
    return found + list(_fitted_above_split(tree))


def _head(node: ast.stmt | ast.excepthandler) -> Guess:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return node.lineno, max(node.lineno, body[0].lineno - 1)
    return node.lineno, node.end_lineno or node.lineno


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and its parts, but no statements inside it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.excepthandler):
            yield from _own(child)


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _keywords(node: ast.AST) -> dict[str | None, object]:
    """Return the literals that a call names, and None for the other values."""
    words = node.keywords if isinstance(node, ast.Call) else []
    return {w.arg: w.value.value if isinstance(w.value, ast.Constant) else None for w in words}


def blind_except(node: ast.AST) -> bool:
    """``except:``, ``except Exception:``, or a handler that only passes on (E722, BLE001, S110)."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    wide = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
    return wide or all(isinstance(s, ast.Pass | ast.Continue) for s in node.body)


def unseeded(node: ast.AST) -> bool:
    """A random estimator, split or sample without ``random_state`` (dslinter W5506)."""
    return _called(node).endswith(_RANDOM) and "random_state" not in _keywords(node)


def literal_settings(node: ast.AST) -> bool:
    """Three or more numbers among the arguments of one estimator."""
    numbers = [v for v in _keywords(node).values() if isinstance(v, int | float)]
    return _called(node)[:1].isupper() and len(numbers) >= 3


def magic_comparison(node: ast.AST) -> bool:
    """A comparison with a number other than -1, 0, 1 (PLR2004)."""
    return isinstance(node, ast.Compare) and any(
        isinstance(c, ast.Constant)
        and isinstance(c.value, int | float)
        and c.value not in (-1, 0, 1)
        for c in node.comparators
    )


def compared_with_nan(node: ast.AST) -> bool:
    """``== nan`` (PLW0177)."""
    return isinstance(node, ast.Compare) and any(
        getattr(c, "attr", "") == "nan" for c in (node.left, *node.comparators)
    )


def absolute_path(node: ast.AST) -> bool:
    """A path that only one machine has."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("/", "~/", "C:"))
    )


def unsafe(node: ast.AST) -> bool:
    """Pickles, ``eval``, ``exec``, ``assert`` (S101, S301, S307)."""
    return isinstance(node, ast.Assert) or (
        _called(node) in ("eval", "exec", "load", "loads")
        and isinstance(node, ast.Call)
        and getattr(getattr(node.func, "value", None), "id", "pickle") in ("pickle", "joblib")
    )


def password(node: ast.AST) -> bool:
    """A text bound to a name such as ``api_key`` (S105)."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
        return False
    names = [getattr(t, "id", "").lower() for t in node.targets]
    return isinstance(node.value.value, str) and any(
        word in name for name in names for word in ("key", "token", "password", "secret")
    )


def loose_reading(node: ast.AST) -> bool:
    """Errors coerced, bad lines skipped, rows cut, warnings off, loops over rows (PD, PERF)."""
    words = _keywords(node)
    return (
        words.get("errors") in ("coerce", "ignore")
        or words.get("on_bad_lines") in ("skip", "warn")
        or "nrows" in words
        or _called(node) in ("filterwarnings", "simplefilter", "iterrows", "dropna", "eval")
    )


def filled_with_zero(node: ast.AST) -> bool:
    """``fillna(0)``."""
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    return _called(node) == "fillna" and isinstance(first, ast.Constant) and first.value == 0


def chained(node: ast.AST) -> bool:
    """An assignment to ``frame[rows][column]`` (PD, dslinter W5501)."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(t, ast.Subscript) and isinstance(t.value, ast.Subscript) for t in targets)


def clock(node: ast.AST) -> bool:
    """The wall clock (DTZ)."""
    return _called(node) in ("now", "today", "time") and isinstance(node, ast.Call)


def long_function(node: ast.AST) -> bool:
    """More than fifty statements (PLR0915)."""
    return (
        isinstance(node, ast.FunctionDef)
        and sum(isinstance(part, ast.stmt) for part in ast.walk(node)) > _LONG_FUNCTION
    )


def plain_accuracy(node: ast.AST) -> bool:
    """Accuracy as the measure, or a micro average."""
    return _called(node) == "accuracy_score" or _keywords(node).get("average") == "micro"


def _fitted_above_split(tree: ast.Module) -> Iterator[Guess]:
    """Yield statements that fit a step above the split of their function (dslinter W5507)."""
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.Module):
            continue
        calls = [n for s in scope.body if not isinstance(s, ast.FunctionDef) for n in ast.walk(s)]
        splits = [n.lineno for n in calls if _called(n) == "train_test_split"]  # type: ignore[attr-defined]
        for statement in scope.body:
            above = splits and statement.lineno < min(splits)
            if above and any(_fits(n) for n in _own(statement)):
                yield _head(statement)


def _fits(node: ast.AST) -> bool:
    return _called(node) in ("fit", "fit_transform") or _called(node).endswith(_STEPS)


RULES: tuple[Callable[[ast.AST], bool], ...] = (
    blind_except,
    unseeded,
    literal_settings,
    magic_comparison,
    compared_with_nan,
    absolute_path,
    unsafe,
    password,
    loose_reading,
    filled_with_zero,
    chained,
    clock,
    long_function,
    plain_accuracy,
)
