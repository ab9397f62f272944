"""Static: what only reading shows, measured on the syntax tree and beside the clean twin."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

SECRET = re.compile(r"password|passwd|secret|token|api_?key", re.IGNORECASE)
ESTIMATORS = re.compile(r"(Classifier|Regressor|Regression|Ridge|Lasso|ElasticNet|SVC|SVR|NB)$")
LEAST_STATEMENTS = 3
LONGEST = 60
"""Lines of a function that no reviewer lets pass."""


def find(trial: Trial) -> list[Finding]:
    """Return everything that stands in the text and should not."""
    tree = ast.parse(trial.program)
    return [
        *_duplicates(tree),
        *_oversized(trial, tree),
        *_literals(trial, tree),
        *_secrets(tree),
        *_evaluated(tree),
        *_silenced(tree),
        *_row_loops(tree),
        *_nan_compared(tree),
        *_threshold(trial, tree),
        *_unversioned(trial),
    ]


def _lines(node: ast.AST) -> tuple[int, ...]:
    assert isinstance(node, ast.stmt | ast.expr)
    return tuple(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _duplicates(tree: ast.AST) -> Iterator[Finding]:
    bodies: dict[str, ast.FunctionDef] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        text = "\n".join(ast.dump(statement) for statement in body)
        if len(body) < LEAST_STATEMENTS and sum(1 for _ in ast.walk(node)) < 40:
            continue
        if text in bodies:
            first = bodies[text]
            yield Finding(
                "duplicate",
                (*_lines(first), *_lines(node)),
                f"{first.name} and {node.name} have the same body of {len(body)} statements",
            )
        bodies.setdefault(text, node)


def _oversized(trial: Trial, tree: ast.AST) -> Iterator[Finding]:
    """Yield a function that is long, and longer than any of the clean twin by half."""
    usual = max((length for length, _ in _functions(ast.parse(trial.twin.program))), default=0)
    for length, node in _functions(tree):
        if length >= LONGEST and trial.twin is not trial and length > 1.3 * usual:
            yield Finding(
                "oversized",
                _lines(node),
                f"{node.name} has {length} lines; the longest function of the clean program has "
                f"{usual}",
            )


def _functions(tree: ast.AST) -> Iterator[tuple[int, ast.FunctionDef]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node


def _settings(tree: ast.AST) -> Iterator[tuple[ast.Call, list[str]]]:
    """Yield the calls that make a model, with their settings that are number literals."""
    for call in _calls(tree):
        if ESTIMATORS.search(_name(call)) and not _name(call).startswith("Dummy"):
            literal = [
                f"{k.arg}={ast.unparse(k.value)}"
                for k in call.keywords
                if k.arg and isinstance(k.value, ast.Constant) and _is_number(k.value.value)
                if k.arg != "random_state"
            ]
            yield call, literal


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _literals(trial: Trial, tree: ast.AST) -> Iterator[Finding]:
    clean = Counter(_name(c) for c, n in _settings(ast.parse(trial.twin.program)) if n)
    for call, literal in _settings(tree):
        if literal and not (trial.twin is not trial and clean[_name(call)]):
            yield Finding(
                "literal-settings",
                _lines(call),
                f"{_name(call)} is made with the literals {', '.join(literal)}",
            )


def _secrets(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
            continue
        names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        if isinstance(node.value.value, str) and any(SECRET.search(n) for n in names):
            yield Finding("secret", _lines(node), f"{names[0]} holds a secret in plain text")


def _evaluated(tree: ast.AST) -> Iterator[Finding]:
    for call in _calls(tree):
        asked = [
            k.arg
            for k in call.keywords
            if isinstance(k.value, ast.Name) and k.value.id in ("eval", "exec")
        ]
        if asked or (isinstance(call.func, ast.Name) and call.func.id in ("eval", "exec")):
            yield Finding("eval", _lines(call), "text from outside is run as code by eval")


def _silenced(tree: ast.AST) -> Iterator[Finding]:
    for call in _calls(tree):
        first = call.args[0] if call.args else None
        ignored = isinstance(first, ast.Constant) and first.value == "ignore"
        narrow = {k.arg for k in call.keywords} & {"category", "module", "message"}
        silencer = _name(call) in ("filterwarnings", "simplefilter") and len(call.args) == 1
        if silencer and ignored and not narrow:
            yield Finding("silenced", _lines(call), "all warnings are ignored, of every kind")


def _row_loops(tree: ast.AST) -> Iterator[Finding]:
    for call in _calls(tree):
        if _name(call) in ("iterrows", "itertuples"):
            yield Finding("row-loop", _lines(call), f"a Python loop goes over {_name(call)}()")


def _nan_compared(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            if any(side in ("np.nan", "numpy.nan", "float('nan')", "pd.NA") for side in sides):
                yield Finding(
                    "nan-compared",
                    _lines(node),
                    f"`{ast.unparse(node)}` is False for every row, missing or not",
                )


def _threshold(trial: Trial, tree: ast.AST) -> Iterator[Finding]:
    """Yield literal cuts of scores that the clean twin does not make."""
    clean = {ast.unparse(node) for node in _cuts(ast.parse(trial.twin.program))}
    for node in _cuts(tree):
        if trial.twin is trial or ast.unparse(node) not in clean:
            yield Finding(
                "threshold-literal",
                _lines(node),
                f"scores are cut at a bare literal: `{ast.unparse(node)}`",
            )


def _cuts(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield comparisons of scores with a literal share, and thresholds that are one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(
            node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE
        ):
            value, text = node.comparators[0], ast.unparse(node.left).lower()
            if _share(value) and re.search(r"score|prob|confidence|chance|risk|p_", text):
                yield node
        assigned = isinstance(node, ast.Assign) and _share(node.value)
        if assigned and "threshold" in ast.unparse(node).partition("=")[0].lower():
            assert isinstance(node, ast.Assign)
            yield node


def _share(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, float) and 0 < value < 1


def _unversioned(trial: Trial) -> Iterator[Finding]:
    stored = list(trial.base.of("store"))
    if stored and not any("version" in path.lower() for e in stored for path in e["holds"]):
        yield Finding(
            "unversioned",
            (),
            "the stored bundle names no library version",
        )


ORACLE = Oracle("static", ("base",), find, "nothing of the kind stands in the program")
