"""Writes CATALOGUE.md from the entries: ``python -m seeded_bugs.catalogue``."""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import seeded_bugs
import seeded_bugs.decoys
from seeded_bugs.contract import SeededBug, SeededDecoy
from seeded_bugs.words import CATEGORIES

PAGE = Path(__file__).with_name("CATALOGUE.md")
HEAD = """# Catalogue of flaws and decoys

Written from the entries by `python -m seeded_bugs.catalogue`; edit the entries, not this page.
"""


def page(bugs: Mapping[str, SeededBug], decoys: Mapping[str, SeededDecoy]) -> str:
    """Return the page as Markdown: an overview, then each kind with its texts and an example."""
    parts = [HEAD, f"{len(bugs)} kinds of flaw, {len(decoys)} kinds of decoy.\n"]
    for category in CATEGORIES:
        members = [b for b in bugs.values() if b.entry.category == category]
        parts.append(f"## {category}\n")
        parts += [_kind(bug) for bug in sorted(members, key=lambda b: b.entry.id)]
    parts.append("## Decoys: sound code that looks wrong\n")
    parts += [_decoy(decoy) for decoy in sorted(decoys.values(), key=lambda d: d.entry.id)]
    return "\n".join(parts)


def _kind(bug: SeededBug) -> str:
    entry = bug.entry
    example = bug.examples[0]
    places = ", ".join(entry.elsewhere) or "none"
    conflicts = ", ".join(f"`{name}`" for name in entry.conflicts) or "none"
    references = "\n".join(f"- <{url}>" for url in entry.references)
    return f"""### {entry.id} {entry.title}

`{entry.name}` · {entry.severity} · {entry.anchor} · other acceptable places: {places} ·
not together with: {conflicts}

- **Wrong:** {entry.wrong}
- **Harm:** {entry.harm}
- **Fix:** {entry.fix}
- **Proof:** {bug.proof.oracle}. {bug.proof.claim}

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


def _members() -> tuple[dict[str, SeededBug], dict[str, SeededDecoy]]:
    bugs: dict[str, SeededBug] = {}
    decoys: dict[str, SeededDecoy] = {}
    for package in (seeded_bugs, seeded_bugs.decoys):
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            if hasattr(module, "BUG"):
                bugs[module.BUG.entry.name] = module.BUG
            if hasattr(module, "DECOY"):
                decoys[module.DECOY.entry.name] = module.DECOY
    return bugs, decoys


if __name__ == "__main__":
    PAGE.write_text(page(*_members()), "utf-8")
