"""One function does everything: the helpers that training called are written out inside it."""

from collections.abc import Iterator, Sequence

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.inlining import Inlined, inlinable
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import code, tree_of

ENTRY = Entry(
    id="MLR952",
    name="oversized_function",
    category="maintainability",
    severity="minor",
    anchor="region",
    title="One function that does everything",
    wrong=(
        "The training function prepares, builds the pipeline, splits, cross-validates, fits, "
        "measures and stores in one body of more than 60 lines; the steps have no function of "
        "their own."
    ),
    harm=(
        "No step can be tested, reused or replaced by itself: to check how the pipeline is built, "
        "one has to train. Names of one step are visible in all others, so a change in one place "
        "breaks another, and a reader must hold the whole in mind."
    ),
    fix="Give each step a function with a name: build the pipeline, split, measure, store.",
    said_well=(
        "This function does everything from loading to saving; split it into small functions so "
        "that the steps can be tested on their own.",
        "The training function is too long.",
        "Building the pipeline, splitting and evaluating should be separate functions, because one "
        "body of that length cannot be unit-tested or reused in the prediction code.",
        "Refactor: extract build_pipeline(), split() and evaluate() from this monolith.",
        "Too many responsibilities in a single function; hard to read, to test and to change "
        "without side effects.",
    ),
    near_misses=(
        "The same code stands in two functions.",
        "The function has no docstring.",
        "The file should be split into modules.",
        "The variable names are too short.",
    ),
    references=(
        "https://refactoring.guru/smells/long-method",
        "https://docs.astral.sh/ruff/rules/too-many-statements/",
    ),
    identifiers=("train", "fit"),
    elsewhere=("fit",),
)
LEAST_LINES = 60


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the training function, if helpers that only it calls make it long enough.

    The function that splits the rows stays: what the split does must be told by its own line.
    """
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not isinstance(split.scope, cst.FunctionDef):
        return
    found = [one for one in inlinable(tree, split.scope) if one.line is not split.line]
    found.sort(key=lambda one: -_lines(one.helper))
    if found and _lines(split.scope) + sum(_lines(one.helper) for one in found) >= LEAST_LINES:
        yield Site(tuple(_edits(found)))


def _edits(found: Sequence[Inlined]) -> Iterator[Edit]:
    """Yield the edits that write the helpers out; the longest is where the flaw is."""
    for one in found:
        yield Edit(one.line, one.statements, "main" if one is found[0] else "support")
        yield Edit(one.helper, None, "support")


def _lines(function: cst.FunctionDef) -> int:
    return len([line for line in code(function).splitlines() if line.strip()])


CALLED = '''
def load(path):
    """Read the table."""
    frame = pd.read_csv(path)
    return frame.drop_duplicates()

def build(seed):
    steps = [StandardScaler(), Ridge(random_state=seed)]
    return make_pipeline(*steps)

def train(path, seed):
    frame = load(path)
FILL
    a, b = train_test_split(frame, random_state=seed)
    model = build(seed)
    return model.fit(a[FEATURES], a[TARGET])
'''
WRITTEN = """

def train(path, seed):
    frame = pd.read_csv(path)
    frame = frame.drop_duplicates()
FILL
    a, b = train_test_split(frame, random_state=seed)
    steps = [StandardScaler(), Ridge(random_state=seed)]
    model = make_pipeline(*steps)
    return model.fit(a[FEATURES], a[TARGET])
"""
FILL = "\n".join(f"    log.info('step %d', {number})" for number in range(55))

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CALLED.replace("FILL", FILL), WRITTEN.replace("FILL", FILL)),),
    refuses=(
        Refusal(WRITTEN.replace("FILL", FILL), "no helpers are left"),
        Refusal(CALLED.replace("FILL", "    pass"), "the function would not be long"),
    ),
    find=find,
    proof=Proof(
        "static",
        "The longest function has at least 60 lines and is longer than any function of the clean "
        "program, which calls for the same steps by name.",
        shows=("oversized",),
    ),
)
