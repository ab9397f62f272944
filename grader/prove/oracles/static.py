"""Static: what only reading shows, measured on the syntax tree and beside the clean twin."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

SECRET = re.compile(r"password|passwd|secret|api_?key|token(?!_pattern|i[sz]er|s\b)", re.IGNORECASE)
ESTIMATORS = re.compile(r"(Classifier|Regressor|Regression|Ridge|Lasso|ElasticNet|SVC|SVR|NB)$")
SENSITIVE = re.compile(r"Regression$|^Ridge|^Lasso|^ElasticNet|^SGD|SV[CR]$|^KNeighbors|^MLP")
LIKE_A_SECRET = re.compile(
    r"://[^/\s:]+:[^@\s]+@|^(?=\S*\d)(?=\S*[A-Z])(?=\S*[a-z])[\w!@#$^&*+=.-]{12,}$"
)
LEAST_STATEMENTS = 3
MOSTLY = 0.7
LONGEST = 60
"""Lines of a function that no reviewer lets pass."""


def find(trial: Trial) -> list[Finding]:
    """Return everything that stands in the text and should not."""
    tree = ast.parse(trial.program)
    return [
        *_duplicates(tree),
        *_oversized(trial, tree),
        *_literals(trial, tree),
        *_secrets(trial, tree),
        *_evaluated(tree),
        *_silenced(tree),
        *_row_loops(tree),
        *_nan_compared(tree),
        *_threshold(trial, tree),
        *_unversioned(trial),
        *_unscaled(trial),
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
    """Yield two functions most of whose statements are the same but for local names."""
    long: list[tuple[ast.FunctionDef, Counter[str]]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        said = _statements(node)
        if said.total() < LEAST_STATEMENTS and sum(1 for _ in ast.walk(node)) < 40:
            continue
        for first, other in long:
            same = (said & other).total()
            if same >= MOSTLY * max(said.total(), other.total()):
                yield Finding(
                    "duplicate",
                    (*_lines(first), *_lines(node)),
                    f"{same} of the {said.total()} statements of {node.name} stand in {first.name} "
                    "as well",
                )
        long.append((node, said))


def _statements(function: ast.FunctionDef) -> Counter[str]:
    """Return the statements of a function without its docstring, local names made alike."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    own = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    own |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(own))) + r")\b") if own else None
    texts = [ast.unparse(statement) for statement in body]
    return Counter(pattern.sub("_", text) if pattern else text for text in texts)


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


def _secrets(trial: Trial, tree: ast.AST) -> Iterator[Finding]:
    """Yield texts under a telling name, and texts like a password that the twin has not."""
    clean = {
        n.value for n in ast.walk(ast.parse(trial.twin.program)) if isinstance(n, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.Call | ast.Dict | ast.keyword):
            continue
        for name, value in _named_texts(node):
            if SECRET.search(name) or (value not in clean and LIKE_A_SECRET.search(value)):
                yield Finding("secret", _lines(_at(node)), f"{name or 'a text'} holds a secret")


def _named_texts(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what stands behind a name, a key or an argument, with that name, where it is text."""
    pairs: list[tuple[str, ast.AST | None]] = []
    if isinstance(node, ast.Assign):
        pairs = [(ast.unparse(target), node.value) for target in node.targets]
    elif isinstance(node, ast.keyword):
        pairs = [(node.arg or "", node.value)]
    elif isinstance(node, ast.Dict):
        keys = [ast.unparse(key) if key is not None else "" for key in node.keys]
        pairs = list(zip(keys, node.values, strict=True))
    elif isinstance(node, ast.Call):
        pairs = [("", given) for given in node.args]
    for name, value in pairs:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield name, value.value


def _at(node: ast.AST) -> ast.AST:
    return node.value if isinstance(node, ast.keyword) else node


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
    compares = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    compared = {ast.unparse(node.comparators[0]) for node in compares}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(
            node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE
        ):
            value, text = node.comparators[0], ast.unparse(node.left).lower()
            if _share(value) and re.search(r"score|prob|confidence|chance|risk|p_", text):
                yield node
        if isinstance(node, ast.Assign) and _share(node.value):
            names = {ast.unparse(target) for target in node.targets}
            if names & compared or any("threshold" in name.lower() for name in names):
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


def _unscaled(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if nothing in the stored pipeline scales, as something does in the twin's."""
    here, there = (_scalers(t) for t in (trial, trial.twin))
    sizes = {_name(call) for call in _calls(ast.parse(trial.program))}
    models = sorted(name for name in sizes if SENSITIVE.search(name))
    if there and not here and models:
        yield Finding(
            "unscaled",
            (),
            f"no step of the stored pipeline scales, and {models[0]} reads the size of numbers",
        )


def _scalers(trial: Trial) -> list[str]:
    """Return the settings of stored steps that only scalers have."""
    return [
        name
        for event in trial.base.of("store")
        for value in event["holds"].values()
        for name in (value.get("params", {}) if isinstance(value, dict) else {})
        if name.endswith(("with_mean", "feature_range", "with_centering"))
    ]


ORACLE = Oracle("static", ("base",), find, "nothing of the kind stands in the program")
