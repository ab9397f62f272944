"""The catalogue as a page: which kinds fit where, and each with its texts and an example."""

from collections.abc import Collection, Mapping
from pathlib import Path

from seeded_bugs.contract import SeededBug, SeededDecoy
from seeded_bugs.words import CATEGORIES

PAGE = Path(__file__).with_name("CATALOGUE.md")
HEAD = """# Catalogue of flaws and decoys

Written from the entries by `grader catalog --page`; edit the entries, not this page.
"""


def page(
    bugs: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
    fits: Mapping[str, Collection[str]],
    refused: Mapping[str, Mapping[str, str]],
) -> str:
    """Return the page as Markdown: a matrix, then each kind with its texts and an example.

    Args:
        fits: for each scenario the names of the kinds and decoys that fit its clean program.
        refused: for each scenario the kinds that it refuses though they find a place, and why.
    """
    parts = [HEAD, f"{len(bugs)} kinds of flaw, {len(decoys)} kinds of decoy.\n"]
    names = {bug.entry.name: bug.entry.id for bug in bugs.values()}
    names |= {decoy.entry.name: decoy.entry.id for decoy in decoys.values()}
    parts.append(_matrix(names, set(bugs), fits))
    parts.append("Not sown though there is a place for it, as no run shows the harm there:\n")
    parts += [f"- {name}, `{k}`: {why}." for name in refused for k, why in refused[name].items()]
    parts.append("")
    for category in CATEGORIES:
        members = [b for b in bugs.values() if b.entry.category == category]
        parts.append(f"## {category}\n")
        parts += [_kind(bug) for bug in sorted(members, key=lambda b: b.entry.id)]
    parts.append("## Decoys: sound code that looks wrong\n")
    parts += [_decoy(decoy) for decoy in sorted(decoys.values(), key=lambda d: d.entry.id)]
    return "\n".join(parts)


def _matrix(
    ids: Mapping[str, str], kinds: Collection[str], fits: Mapping[str, Collection[str]]
) -> str:
    """Return which kinds fit which scenario, and how many do."""
    head = ["kind", *fits, "scenarios"]
    rows = [head, ["---", *(":-:" for _ in fits), "--:"]]
    for name, _ in sorted(ids.items(), key=lambda pair: (pair[0] not in kinds, pair[1])):
        marks = ["x" if name in fits[scenario] else "" for scenario in fits]
        rows.append([f"`{name}`", *marks, str(marks.count("x"))])
    flaws = [str(len(set(fits[scenario]) & set(kinds))) for scenario in fits]
    lures = [str(len(set(fits[scenario]) - set(kinds))) for scenario in fits]
    rows += [["**flaws**", *flaws, ""], ["**decoys**", *lures, ""]]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"## Which kind fits where\n\nThe decoys stand below the flaws.\n\n{table}\n"


def _kind(bug: SeededBug) -> str:
    entry = bug.entry
    example = bug.examples[0]
    places = ", ".join(entry.elsewhere) or "none"
    conflicts = ", ".join(f"`{name}`" for name in entry.conflicts) or "none"
    refused = "; ".join(refusal.because for refusal in bug.refuses) or "nowhere"
    references = "\n".join(f"- <{url}>" for url in entry.references)
    return f"""### {entry.id} {entry.title}

`{entry.name}` · {entry.severity} · {entry.anchor} · other acceptable places: {places} ·
not together with: {conflicts}

- **Wrong:** {entry.wrong}
- **Harm:** {entry.harm}
- **Fix:** {entry.fix}
- **Proof:** {bug.proof.oracle}. {bug.proof.claim}
- **Refused where:** {refused}

Clean:
```python
{example.clean.strip()}
```
Seeded:
```python
{example.seeded.strip()}
```
{references}
"""


def _decoy(decoy: SeededDecoy) -> str:
    entry = decoy.entry
    excluded = ", ".join(f"`{name}`" for name in entry.excludes) or "none"
    return f"""### {entry.id} {entry.title}

`{entry.name}` · looks like {entry.looks_like} · not together with: {excluded}

- **Sound because:** {entry.sound_because}
- **Must stay silent:** {decoy.refutes.oracle}. {decoy.refutes.claim}

```python
{decoy.examples[0].seeded.strip()}
```
"""
