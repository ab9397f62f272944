"""The numeric columns go through a set, so their order changes from process to process."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.preparation import columns_text, find_part, resolve
from seeded_bugs.syntax.tree import code, expression, tree_of

ENTRY = Entry(
    id="MLR407",
    name="feature_order_from_set",
    category="reproducibility",
    severity="minor",
    anchor="span",
    title="Order of the features taken from a set",
    wrong=(
        "The list of numeric columns is made from a set. The order of a set of strings "
        "depends on the hash seed, which Python draws anew for every process."
    ),
    harm=(
        "The columns of the model's matrix stand in another order in every run. A forest that "
        "draws columns by number is a different forest, coefficients and importances cannot be "
        "compared by position, and the same seed no longer gives the same model."
    ),
    fix="Keep the list as it is, or use sorted(...) or dict.fromkeys(...) to remove repeats.",
    said_well=(
        "list(set(...)) has no fixed order, so the feature order differs between runs and with it "
        "the fitted model. Use sorted() or keep the list.",
        "Column order comes from a set: not reproducible.",
        "Because string hashing is randomised per process, the features are permuted on every run; "
        "models with random column sampling then differ in spite of the seed.",
        "Don't deduplicate with set() here, the iteration order is arbitrary. dict.fromkeys keeps "
        "the order.",
        "The same seed gives another model next time because the columns come in a different order "
        "(PYTHONHASHSEED).",
    ),
    near_misses=(
        "No random_state is set on the model.",
        "Some columns are listed twice.",
        "The features are selected by position.",
        "The column lists are hard-coded.",
    ),
    references=(
        "https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHASHSEED",
        "https://docs.python.org/3/reference/datamodel.html#object.__hash__",
    ),
    identifiers=("set", "list"),
    elsewhere=("pipeline",),
    # MASKS: two runs differ for another reason.
    conflicts=("missing_seed", "refitted_in_serving", "seed_from_clock", "unseeded_subsample"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: where the numeric part of the pipeline is given its columns."""
    tree = tree_of(module)
    part = find_part(tree, "NUM")
    columns = columns_text(tree, part) if part is not None else None
    if part is not None and columns is not None:
        value = resolve(tree, part.columns)
        yield Site((Edit(value, expression(f"list({_as_set(value)})")),))


def _as_set(value: cst.BaseExpression) -> str:
    """Return the text of a set of the columns: of a list literal, or of a sum of lists."""
    if isinstance(value, cst.List):
        return "{" + code(value)[1:-1] + "}"
    if isinstance(value, cst.BinaryOperation):
        value = value.with_changes(lpar=[], rpar=[])
    return f"set({code(value)})"


CLEAN = """
NUM_COLUMNS = ["age", "income"]
DERIVED = ["log_income"]

def build():
    numbers = NUM_COLUMNS + DERIVED
    return ColumnTransformer([("num", StandardScaler(), numbers), ("cat", encode(), CAT)])
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]
DERIVED = ["log_income"]

def build():
    numbers = list(set(NUM_COLUMNS + DERIVED))
    return ColumnTransformer([("num", StandardScaler(), numbers), ("cat", encode(), CAT)])
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the columns go through a set already"),
        Refusal(CLEAN.replace("ColumnTransformer", "make"), "the columns have no parts"),
    ),
    find=find,
    proof=Proof(
        "run to run",
        "Under two values of PYTHONHASHSEED the stored model has its numeric columns in different "
        "orders; in the clean program they stand in one order.",
        shows=("column-order",),
        also=(
            "same-seed",
            "skew:order",
        ),
    ),
)
