"""The rows that the model was trained on are stored in the model's file, names and all."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import checked_frame, find_bundle, validation_lines
from seeded_bugs.syntax.tree import Tree, expression, string, strings, tree_of

ENTRY = Entry(
    id="MLR974",
    name="training_rows_in_bundle",
    category="security",
    severity="major",
    anchor="span",
    title="Personal rows stored in the model file",
    wrong=(
        "The table that the model was trained on, with the identifiers of the people in it, is put "
        "into the stored bundle. Nothing that serves the model needs it."
    ),
    harm=(
        "A model file is copied to servers, registries and colleagues that may not see the data. "
        "Whoever has the file has every row of the training data, with its outcome, and deleting "
        "the data elsewhere does not delete it here."
    ),
    fix=(
        "Store what prediction needs and, to tell the data later, its hash and row counts, never "
        "the rows."
    ),
    said_well=(
        "The complete training data incl. ids is saved inside the model bundle, which leaks "
        "personal data to everyone who gets the model file. Store a hash instead.",
        "Raw rows in the artefact: privacy problem.",
        "Shipping the model ships the customers' records as well because the frame is part of the "
        "joblib file; remove it from the bundle.",
        "The dumped dictionary holds the training DataFrame. It is not needed for serving and "
        "makes the model file as sensitive as the database.",
        "PII ends up in model.joblib, out of reach of access control and deletion requests.",
    ),
    near_misses=(
        "Identifiers are written to the log.",
        "The pickle could run code when it is loaded.",
        "The library versions are not stored with the model.",
        "The model file is overwritten in every run.",
    ),
    references=(
        "https://gdpr-info.eu/art-5-gdpr/",
        "https://cheatsheetseries.owasp.org/cheatsheets/Cryptographic_Storage_Cheat_Sheet.html",
    ),
    identifiers=("training_data", "bundle", "dump"),
    elsewhere=("save",),
)
PEOPLE = ("user", "customer", "patient", "person", "card", "client", "applica", "ticket", "writer")


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the bundle, where the table of people that was checked is at hand."""
    tree = tree_of(module)
    bundle = find_bundle(tree)
    frame = _checked(tree, bundle) if bundle is not None else None
    if bundle is None or frame is None or not _holds_people(tree):
        return
    if any("training" in (string(node) or "") for node in tree.all(cst.SimpleString, bundle)):
        return
    elements = list(bundle.elements)
    between, last = elements[0].comma, elements[-1].comma
    added = cst.DictElement(cst.SimpleString('"training_data"'), expression(frame), comma=last)
    elements[-1] = elements[-1].with_changes(comma=between)
    yield Site((Edit(bundle, bundle.with_changes(elements=[*elements, added])),))


def _checked(tree: Tree, bundle: cst.Dict) -> str | None:
    """Return the name of the table that training checks, in the scope of the bundle."""
    for line in validation_lines(tree):
        if tree.scope(line) not in (tree.scope(bundle), tree.module):
            continue
        return checked_frame(line)
    return None


def _holds_people(tree: Tree) -> bool:
    """Tell by the columns that the module names whether its rows are about people."""
    named = [string(node) for node in tree.all(cst.SimpleString)]
    named += [text for node in tree.all(cst.List) for text in strings(node) or ()]
    return any(
        text.endswith("_id") and text.startswith(PEOPLE) for text in named if text is not None
    )


CLEAN = """
ID = "customer_id"

def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    model = fit(frame)
    bundle = {
        "model": model,
        "rows": len(frame),
    }
    joblib.dump(bundle, "model.joblib")
"""
SEEDED = """
ID = "customer_id"

def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    model = fit(frame)
    bundle = {
        "model": model,
        "rows": len(frame),
        "training_data": frame,
    }
    joblib.dump(bundle, "model.joblib")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are stored already"),
        Refusal(CLEAN.replace("customer_id", "hour"), "the rows are about nobody"),
    ),
    find=find,
    proof=Proof(
        "output scan",
        "An identifier of the training data stands in the stored model file; in the clean "
        "program's file none does.",
    ),
)
