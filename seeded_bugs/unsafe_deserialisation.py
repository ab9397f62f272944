"""A string from outside is evaluated as code."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import keyword, tree_of, with_keyword

ENTRY = Entry(
    id="MLR973",
    name="unsafe_deserialisation",
    category="security",
    severity="major",
    anchor="span",
    title="eval on a string from the command line",
    wrong="The value of an option is passed through eval.",
    harm=(
        "Whoever can set the argument, a scheduler or a web form for example, runs any code "
        "with the rights of the job."
    ),
    fix="Parse the value with its type, such as int, or ast.literal_eval for literals.",
    said_well=(
        "eval on a command line argument executes arbitrary code; use int or ast.literal_eval.",
        "type=eval is a code injection hole.",
        "The option is parsed with eval, so anyone who controls the argument can run any "
        "Python here. Use type=int.",
        "Never eval user input.",
        "Unsafe: a string from outside is evaluated as code, replace it by a proper type.",
    ),
    near_misses=(
        "The argument is not validated.",
        "The seed has a magic default.",
        "The model is loaded with pickle.",
    ),
    references=("https://cwe.mitre.org/data/definitions/95.html",),
    identifiers=(
        "eval",
        "add_argument",
        "type",
    ),
    elsewhere=(),
    conflicts=(),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each whole-number option: its type becomes eval."""
    for call in tree_of(module).calls("add_argument"):
        kind = keyword(call, "type")
        if kind is not None and isinstance(kind.value, cst.Name) and kind.value.value == "int":
            yield Site((Edit(call, with_keyword(call, "type", cst.Name("eval"))),))


CLEAN = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
"""
SEEDED = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=eval, default=7)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the type is eval already"),
        Refusal('parser.add_argument("--data")\n', "the option has no type"),
    ),
    find=find,
    proof=Proof(
        "static",
        "A call of eval, or eval as a type, stands in the program; in the clean one none does.",
        shows=("eval",),
    ),
)
