"""All oracles by name."""

from grader.errors import CatalogError
from grader.prove.finding import Oracle
from grader.prove.oracles import (
    balance,
    counts,
    disguise,
    fault,
    garbage,
    influence,
    metric,
    noise,
    optimism,
    output,
    overlap,
    relocation,
    repeat,
    reuse,
    seeding,
    serving,
    static,
    unchanged,
)

ORACLES: dict[str, Oracle] = {
    module.ORACLE.name: module.ORACLE
    for module in (
        balance,
        counts,
        disguise,
        fault,
        garbage,
        influence,
        metric,
        noise,
        optimism,
        output,
        overlap,
        relocation,
        repeat,
        reuse,
        seeding,
        serving,
        static,
        unchanged,
    )
}

LAST = optimism.ORACLE.name
"""The oracle whose runs take longest."""


def oracle(name: str) -> Oracle:
    """Return an oracle by its name.

    Raises:
        CatalogError: if there is none.
    """
    if name not in ORACLES:
        raise CatalogError(f"no oracle is called {name!r}; there are: {', '.join(sorted(ORACLES))}")
    return ORACLES[name]
