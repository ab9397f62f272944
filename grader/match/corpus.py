"""The labelled remarks that the text model is trained on, one JSON line each.

Every file holds the remarks of one author, who wrote them without seeing the patterns; the author
of the patterns has not seen the remarks.
"""

import json
from pathlib import Path
from typing import NamedTuple, get_args

from grader.errors import GraderError
from grader.files import write_whole
from seeded_bugs.words import CATEGORIES, Category

FOLDER = Path(__file__).parent / "corpus"
OTHER_LABELS = (
    "style",
    "praise",
    "chat",
    "question",
    "generic",
    "other-language",
    "off-topic",
)
LABELS: tuple[str, ...] = (*get_args(Category), *OTHER_LABELS)


class Remark(NamedTuple):
    """One remark. ``kind`` is empty for labels that are no flaw, ``other`` for an unlisted flaw."""

    author: str
    voice: str
    category: str
    kind: str
    asserts: bool
    why: bool
    fix: bool
    text: str

    @property
    def label(self) -> str:
        """Return the finest label: the kind, else the category with a star."""
        return self.kind if self.kind and self.kind != "other" else f"{self.category}*"


def parse(text: str, author: str) -> list[Remark]:
    """Return the remarks of an author's text file.

    Raises:
        GraderError: with every line that cannot be read.
    """
    remarks: list[Remark] = []
    faults: list[str] = []
    category = kind = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("##"):
            category, kind = (*line[2:].split(), "", "")[:2]
            if category not in LABELS:
                faults.append(f"line {number}: unknown label {category!r}")
            continue
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or set(parts[1]) - set("awf-"):
            faults.append(f"line {number}: expected 'voice | flags | text'")
            continue
        voice, flags, said = parts
        kept = kind if category in CATEGORIES else ""
        remarks.append(
            Remark(author, voice, category, kept, "a" in flags, "w" in flags, "f" in flags, said)
        )
    if faults:
        raise GraderError(f"{author}: {len(faults)} faults\n" + "\n".join(faults))
    return remarks


def convert(source: Path, folder: Path = FOLDER) -> int:
    """Store an author's text file as JSON lines; return how many remarks it held."""
    remarks = parse(source.read_text(encoding="utf-8"), source.stem)
    lines = [json.dumps(remark._asdict(), ensure_ascii=False) for remark in remarks]
    write_whole(folder / f"{source.stem}.jsonl", ("\n".join(lines) + "\n").encode())
    return len(remarks)


def load(folder: Path = FOLDER) -> list[Remark]:
    """Return all stored remarks, by author and in the order in which they were written."""
    return [
        Remark(**json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
