"""The output folder has a default that looks absolute; environment and argument override it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.tree import Tree, expression, keyword, string, tree_of

ENTRY = DecoyEntry(
    id="MLD501",
    name="output_folder_default",
    looks_like="configuration",
    title="Default of --out below the user's own home",
    sound_because=(
        "~ stands for the home folder of whoever runs the program, so the path exists on every "
        "machine and for every user. It is only the default of --out: the MODEL_DIR environment "
        "variable replaces it, and the argument replaces both."
    ),
    said_badly=(
        "Hardcoded path of a home folder: the program only works on one person's machine.",
        "The output path is hard-coded, make it an argument.",
        "The script breaks when it is moved to another folder or user because of the path.",
        "A path in the source should come from configuration.",
    ),
    excludes=("hardcoded_path",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the option --out, where it is required."""
    tree = tree_of(module)
    for call in tree.calls("add_argument"):
        required = keyword(call, "required")
        if required is None or not call.args or string(call.args[0].value) != "--out":
            continue
        home = f'os.path.expanduser("~/models/{_title(tree)}")'
        value = f'os.environ.get("MODEL_DIR", {home})'
        default = required.with_changes(keyword=cst.Name("default"), value=expression(value))
        yield Site((Edit(required, default), *require(tree, "import os")))


def _title(tree: Tree) -> str:
    """Return what the program calls itself in its log."""
    names = [string(call.args[0].value) for call in tree.calls("getLogger") if call.args]
    return names[0] if names and names[0] else "current"


CLEAN = """
import argparse
log = logging.getLogger("churn")

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="folder of the model")
"""
SEEDED = """
import argparse
import os
log = logging.getLogger("churn")

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.environ.get("MODEL_DIR", \
os.path.expanduser("~/models/churn")), help="folder of the model")
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the option has a default already"),
        Refusal(CLEAN.replace("--out", "--seed"), "a seed is no folder"),
    ),
    find=find,
    refutes=Proof(
        "relocation",
        "In another folder, with --data and --out given, the run is alike.",
        shows=("absolute-path",),
    ),
)
