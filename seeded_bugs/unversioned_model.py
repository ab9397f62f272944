"""The model file says nothing about what it is and where it came from."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_bundle
from seeded_bugs.syntax.tree import Tree, call_name, string, tree_of

ENTRY = Entry(
    id="MLR403",
    name="unversioned_model",
    category="reproducibility",
    severity="minor",
    anchor="absence",
    title="Model saved without version or metadata",
    wrong=(
        "The stored model carries no library versions, no hash of its data and no record of "
        "its run."
    ),
    harm=(
        "Nobody can tell which data, code and settings made the file that serves; a model "
        "loaded under another library version may fail or predict differently without a "
        "warning."
    ),
    fix=(
        "Store versions, data hash, seed, settings and metrics beside the pipeline, and "
        "compare the versions when loading."
    ),
    said_well=(
        "The model is saved without any metadata: no library versions, no data hash, no "
        "metrics; store them in the bundle.",
        "Model artefact is not versioned, so it cannot be traced to the data and code that "
        "made it.",
        "joblib.dump stores only the fitted object; without the scikit-learn version and "
        "the training run's details nobody can reproduce or safely load it.",
        "No version information saved with the model. Add versions, params and a data fingerprint.",
        "Nothing is recorded about how this model was trained, and loading does not check "
        "the library version.",
    ),
    near_misses=(
        "The model file is overwritten at each run.",
        "pickle files are unsafe to load.",
        "The metrics are not logged.",
    ),
    references=("https://scikit-learn.org/stable/model_persistence.html",),
    identifiers=(
        "joblib",
        "dump",
        "bundle",
        "__version__",
    ),
    elsewhere=(
        "save",
        "serve",
    ),
    conflicts=(),
)

LOGGING = frozenset({"warning", "info", "debug"})


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the stored dictionary keeps what prediction reads and loses the rest."""
    tree = tree_of(module)
    bundle = find_bundle(tree)
    if bundle is None:
        return
    checks, read = _checks(tree), set[str]()
    for part in tree.all(cst.Subscript):
        if not any(tree.is_below(part, check) for check in checks):
            read.add(_index(part))
    kept = [e for e in bundle.elements if _key(e) is None or _key(e) in read]
    if kept:
        kept[-1] = kept[-1].with_changes(comma=bundle.elements[-1].comma)
    gone = {_key(e) for e in bundle.elements} - read
    if "__version__" not in tree.module.code or not any("version" in (k or "") for k in gone):
        return
    used = [c for c in checks if any(_index(s) in gone for s in tree.all(cst.Subscript, c))]
    yield Site(
        (
            Edit(bundle, bundle.with_changes(elements=kept)),
            *(Edit(check, [], "support") for check in used),
        )
    )


def _checks(tree: Tree) -> list[cst.If]:
    """Return the conditions that do nothing but log."""
    found = []
    for node in tree.all(cst.If):
        calls = [
            line.body[0].value
            for line in node.body.body
            if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr)
        ]
        logs = [c for c in calls if isinstance(c, cst.Call) and call_name(c) in LOGGING]
        if logs and len(logs) == len(node.body.body) and node.orelse is None:
            found.append(node)
    return found


def _key(element: cst.BaseDictElement) -> str | None:
    return string(element.key) if isinstance(element, cst.DictElement) else None


def _index(part: cst.Subscript) -> str:
    only = part.slice[0].slice
    return (string(only.value) or "") if isinstance(only, cst.Index) else ""


CLEAN = """
def save(pipe, path):
    bundle = {
        "pipe": pipe,
        "versions": {"sklearn": sklearn.__version__},
    }
    joblib.dump(bundle, path)

def load(path):
    bundle = joblib.load(path)
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        log.warning("another version")
    return bundle["pipe"]
"""
SEEDED = """
def save(pipe, path):
    bundle = {
        "pipe": pipe,
    }
    joblib.dump(bundle, path)

def load(path):
    bundle = joblib.load(path)
    return bundle["pipe"]
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "nothing but the pipeline is stored"),
        Refusal("joblib.dump(model, path)\n", "no dictionary is stored"),
    ),
    find=find,
    proof=Proof(
        "static",
        "The stored bundle holds no library version; the clean one does.",
        shows=("unversioned",),
    ),
)
