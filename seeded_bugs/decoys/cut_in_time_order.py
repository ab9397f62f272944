"""train_test_split with shuffle=False on rows in time order: the newest rows are held out."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.featuring import find_featuring
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Tree, call_name, statement, string, tree_of

ENTRY = DecoyEntry(
    id="MLD202",
    name="cut_in_time_order",
    looks_like="evaluation",
    title="train_test_split with shuffle=False on rows in time order",
    sound_because=(
        "The rows stand in time order when they are cut, so without shuffling the oldest rows "
        "train and the newest are held out, as they will be in use. Nothing is drawn at random, "
        "so random_state would have no effect, and scikit-learn refuses stratify here."
    ),
    said_badly=(
        "train_test_split without random_state, so the split is not reproducible.",
        "shuffle=False: the data must be shuffled before the split, or the test set is not "
        "representative.",
        "The split is not stratified although the classes are imbalanced.",
        "Rows ordered in time are split with train_test_split, which mixes past and future. Use a "
        "split by date.",
        "Missing seed in the split.",
    ),
    excludes=(
        "shuffled_time_split",
        "unstratified_split",
        "missing_seed",
        "no_cross_validation",
    ),
)
DOC = '"""Cut the rows, which stand in time order: the newest share is held out."""'


def find(module: cst.Module) -> Iterator[Site]:
    """One site: an own helper that cuts sorted rows at a quantile of their time."""
    tree = tree_of(module)
    split = find_split(tree)
    helper = _helper(tree, split) if split else None
    if helper is None or not _sorted(tree):
        return
    doc, *steps, last = helper.body.body
    frame, share = (parameter.name.value for parameter in helper.params.params)
    cut = f"return train_test_split({frame}, test_size={share}, shuffle=False)"
    steps = steps if _is_doc(doc) else [doc, *steps]
    shown = [Edit(doc, statement(DOC), "trace")] if _is_doc(doc) else []
    yield Site(
        (
            Edit(last, statement(cut)),
            *shown,
            *(Edit(step, None, "support") for step in steps),
            *import_name(tree, "sklearn.model_selection", "train_test_split"),
        )
    )


def _helper(tree: Tree, split: Split) -> cst.FunctionDef | None:
    """Return the module's own ``split(frame, share)`` that cuts at a quantile."""
    for function in tree.module.body:
        if isinstance(function, cst.FunctionDef) and function.name.value == call_name(split.call):
            plain = len(function.params.params) == 2 and len(split.targets) == 2
            share = function.params.params[-1].name.value if plain else ""
            cuts = [c for c in tree.calls("quantile", within=function) if share in tree.names(c)]
            fraction = all(isinstance(a.value, cst.BinaryOperation) for c in cuts for a in c.args)
            return function if plain and cuts and fraction else None
    return None


def _sorted(tree: Tree) -> bool:
    """Tell whether the feature function brings its rows into time order."""
    featuring = find_featuring(tree)
    if featuring is None:
        return False
    return bool(tree.calls("sort_values", "date_range", within=featuring.function))


def _is_doc(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine):
        return False
    only = node.body[0]
    return isinstance(only, cst.Expr) and string(only.value) is not None


CLEAN = '''
from sklearn.model_selection import cross_val_score

def add_features(df):
    df = df.sort_values("ts")
    df["hour"] = df["ts"].dt.hour
    return df

def split_by_time(df, share):
    """Cut at a moment."""
    cut = df["ts"].quantile(1 - share)
    return df[df["ts"] <= cut], df[df["ts"] > cut]

def train(df):
    df = add_features(df)
    older, newer = split_by_time(df, 0.2)
'''
SEEDED = '''
from sklearn.model_selection import cross_val_score, train_test_split

def add_features(df):
    df = df.sort_values("ts")
    df["hour"] = df["ts"].dt.hour
    return df

def split_by_time(df, share):
    """Cut the rows, which stand in time order: the newest share is held out."""
    return train_test_split(df, test_size=share, shuffle=False)

def train(df):
    df = add_features(df)
    older, newer = split_by_time(df, 0.2)
'''

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are cut so already"),
        Refusal(
            CLEAN.replace('df = df.sort_values("ts")', "df = df.copy()"), "the rows are not sorted"
        ),
    ),
    find=find,
    refutes=Proof(
        "overlap", "No training row is newer than a held-out row; two runs agree.", shows=("time",)
    ),
)
