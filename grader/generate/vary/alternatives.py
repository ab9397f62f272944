"""Variation: what a scenario leaves open (its model, a constant, a column), drawn before the rest.

The alternatives are data beside the scenario, ``variants.toml``, as passages of its clean program::

    [[choice]]
    name = "model"
    options = [
      [ { old = "import ExtraTreesRegressor", new = "import RandomForestRegressor" },
        { old = "trees = ExtraTreesRegressor(", new = "trees = RandomForestRegressor(" } ],
    ]

    [[choice]]
    name = "history"
    options = [ [ { old = "HISTORY = 20", new = "HISTORY = 30" } ],
                [ { old = "HISTORY = 20", new = "HISTORY = 15" } ] ]

Each choice is made for itself; what the program says now is always one of the possibilities. An
``old`` stands exactly once in the program, and passages of different choices do not overlap, so
every combination can be made. An option may change figures. It must be as sound as what it
replaces: it runs, beats the baseline, and leaves what comments, docstrings and the brief say true
(a comment that speaks of a value is part of the passage).
"""

from grader.errors import ScenarioError
from grader.records.scenario import Swap, Variants
from grader.stream import Stream


def choose(program: str, variants: Variants, stream: Stream) -> str:
    """Return the program with one option of each choice.

    Raises:
        ScenarioError: if a passage does not stand in the program just once.
    """
    for choice in variants.choice:
        option = stream.child(choice.name).choice(((), *choice.options))
        for swap in option:
            program = swapped(program, swap, choice.name)
    return program


def swapped(program: str, swap: Swap, choice: str) -> str:
    """Return the program with one passage replaced.

    Raises:
        ScenarioError: if the passage does not stand in the program just once.
    """
    count = program.count(swap.old)
    if count != 1:
        raise ScenarioError(
            f"variants.toml, choice {choice!r}: {swap.old!r} stands {count} times in the program, "
            "must stand once; quote more of the line, or less"
        )
    return program.replace(swap.old, swap.new)
