"""The --data path is joined to a root from the environment; an absolute path stays as it is."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.tree import Tree, code, expression, tree_of

ENTRY = DecoyEntry(
    id="MLD502",
    name="data_root_joined",
    looks_like="configuration",
    title="--data joined to a root folder from the environment",
    sound_because=(
        "pathlib drops what stands before an absolute part, so an absolute --data is used as it "
        "is. A relative one is taken from DATA_ROOT, or from the working directory where that is "
        "not set, as before."
    ),
    said_badly=(
        "An absolute --data is glued to DATA_ROOT and the file is not found.",
        "The path is built from a hidden environment variable, so the argument is ignored.",
        "Hardcoded base folder: the program only runs from one directory.",
        "Without DATA_ROOT the program crashes; there is no default for the variable.",
    ),
    excludes=("hardcoded_path", "missing_error_handling"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: all places that make a path of the option --data."""
    tree = tree_of(module)
    calls = [call for call in tree.calls("Path") if _of_data(call)]
    if not calls or "DATA_ROOT" in tree.text:
        return
    first, *others = (Edit(call, _joined(call)) for call in calls)
    later = (Edit(edit.node, edit.new, "trace") for edit in others)
    yield Site((first, *later, *_import_os(tree)))


def _of_data(call: cst.Call) -> bool:
    only = call.args[0].value if len(call.args) == 1 else None
    return isinstance(only, cst.Attribute) and only.attr.value == "data"


def _joined(call: cst.Call) -> cst.BaseExpression:
    return expression(f'Path(os.environ.get("DATA_ROOT", "."), {code(call.args[0].value)})')


def _import_os(tree: Tree) -> tuple[Edit, ...]:
    return require(tree, "import os")


CLEAN = """
from pathlib import Path

def main(args):
    data, out = Path(args.data), Path(args.out)
"""
SEEDED = """
from pathlib import Path
import os

def main(args):
    data, out = Path(os.environ.get("DATA_ROOT", "."), args.data), Path(args.out)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the path is joined already"),
        Refusal(CLEAN.replace("args.data", '"data.csv"'), "the path is no option"),
    ),
    find=find,
    refutes=Proof(
        "relocation",
        "In another folder, with an absolute --data, the run is alike.",
        shows=("absolute-path",),
    ),
)
