"""An absolute path of one person's machine stands in the code."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import keyword, string, tree_of, with_keyword, without_keyword

ENTRY = Entry(
    id="MLR501",
    name="hardcoded_path",
    category="configuration",
    severity="major",
    anchor="span",
    title="Absolute path in the code",
    wrong=(
        "The location of the data or of the output is an absolute path of one machine, written "
        "into the code as the default."
    ),
    harm=(
        "On any other machine, for another user or in a container the run fails or silently "
        "works on a file that happens to lie there; the code has to be edited to move it."
    ),
    fix=(
        "Make the path a required argument or take it from the configuration, relative to the "
        "project."
    ),
    said_well=(
        "Hard-coded absolute path: this only exists on the machine of the author; take it "
        "from the command line or the configuration.",
        "An absolute path under a home folder will not exist on any other machine or in CI.",
        "The path is hard-coded, so the script breaks for every other user; make the "
        "argument required instead of defaulting to a personal folder.",
        "Don't bake machine-specific paths into the code, pass them in.",
        "Hardcoded file location here, which makes the run depend on one laptop and "
        "prevents deploying it.",
    ),
    near_misses=(
        "The file name should be configurable.",
        "Missing files are not handled.",
        "Use pathlib for paths.",
    ),
    references=("https://12factor.net/config",),
    identifiers=(
        "default",
        "--data",
        "--out",
        "path",
    ),
    elsewhere=("load",),
    conflicts=(),
)

DEFAULTS = {
    "--data": '"/home/mkeller/projects/exports/latest_final.csv"',
    "--out": '"/mnt/teamshare/mkeller/models"',
}


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each required path option: it gets a personal default."""
    for call in tree_of(module).calls("add_argument"):
        name = string(call.args[0].value) if call.args else None
        if name in DEFAULTS and keyword(call, "required") is not None:
            path = cst.SimpleString(DEFAULTS[name])
            relaxed = without_keyword(call, "required")
            yield Site((Edit(call, with_keyword(relaxed, "default", path)),))


CLEAN = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
"""
SEEDED = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="/home/mkeller/projects/exports/latest_final.csv")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the option has a default"),
        Refusal('parser.add_argument("--seed", required=True)\n', "a seed is no path"),
    ),
    find=find,
    proof=Proof(
        "relocation",
        "Without the argument the program looks for a file that exists on one machine only.",
        shows=("absolute-path",),
    ),
)
