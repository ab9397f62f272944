"""Variation: the wording of log lines, error texts, help and docstrings."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files

import libcst as cst

from grader.generate.vary.rewrite import Rewrites
from grader.records.base import Record
from grader.stream import Stream
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.tree import Tree, call_name

SAID = 80  # per cent of the phrases that a program says in another way
Text = cst.SimpleString | cst.FormattedStringText


class Wording(Record):
    """The contents of ``messages.toml``."""

    phrases: tuple[tuple[str, ...], ...]
    verbs: tuple[tuple[str, ...], ...]


@cache
def wording() -> Wording:
    """Return the families of phrases."""
    text = files("grader.generate.vary").joinpath("messages.toml").read_text("utf-8")
    return Wording.model_validate(tomllib.loads(text))


def reword(notes: Rewrites, stream: Stream) -> None:
    """Note one wording for the whole program."""
    table = {
        family[0]: stream.choice(family[1:]) for family in wording().phrases if stream.chance(SAID)
    }
    told = re.compile(
        r"(?<![\w.-])(" + "|".join(sorted(table, key=len, reverse=True)) + r")(?![\w-])"
    )
    for text in _spoken(notes.tree):
        if told.search(text.value):
            notes.change(text, lambda old: _said(old, told, table))
    _docstrings(notes, stream)


def _said(text: Text, told: re.Pattern[str], table: dict[str, str]) -> Text:
    return text.with_changes(value=told.sub(lambda found: table[found[0]], text.value))


def _spoken(tree: Tree) -> Iterator[Text]:
    """Yield the texts that only people read: in logs, errors, lists of faults and help."""
    logger = logger_name(tree)
    homes: list[cst.CSTNode] = list(tree.all(cst.Raise))
    for call in tree.calls("debug", "info", "warning", "error"):
        head = call.func.value if isinstance(call.func, cst.Attribute) else None
        if isinstance(head, cst.Name) and head.value == logger:
            homes += [a for a in call.args if not tree.all(cst.Subscript, a)] or call.args[:1]
    homes += [a for a in tree.all(cst.Arg) if a.keyword is not None and a.keyword.value == "help"]
    for call in tree.calls("append"):
        homes += [a for a in call.args if isinstance(a.value, cst.FormattedString)]
    seen: set[int] = set()
    for home in homes:
        plain: list[Text] = [*tree.all(cst.SimpleString, home)]
        for text in (*plain, *tree.all(cst.FormattedStringText, home)):
            if id(text) not in seen and not _is_key(tree, text):
                seen.add(id(text))
                yield text


def _is_key(tree: Tree, text: Text) -> bool:
    """Tell whether a text stands in a subscript or in a call inside the message."""
    above = tree.parent(text)
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    method = isinstance(call, cst.Call) and call_name(call) in ("get", "join", "strip")
    return tree.nearest(text, cst.Subscript) is not None or method


def _docstrings(notes: Rewrites, stream: Stream) -> None:
    """Note other first words of docstrings: the verb, and whether it says "Return" or "Returns"."""
    third = stream.chance(50)
    table: dict[str, str] = {}
    for family in wording().verbs:
        new = stream.choice(family)
        for verb in family[:1]:
            table[verb] = table[f"{verb}s"] = _person(new, third)
    for function in notes.tree.all(cst.FunctionDef):
        first = function.body.body[0] if function.body.body else None
        only = first.body[0] if isinstance(first, cst.SimpleStatementLine) else None
        text = only.value if isinstance(only, cst.Expr) else None
        if not isinstance(text, cst.SimpleString):
            continue
        word = re.match(r'"""(\w+)', text.value)
        if word and word[1] in table:
            new = f'"""{table[word[1]]}'
            notes.change(
                text,
                partial(_begun, old=word[0], new=new),
            )


def _begun(text: cst.SimpleString, old: str, new: str) -> cst.SimpleString:
    return text.with_changes(value=new + text.value.removeprefix(old))


def _person(verb: str, third: bool) -> str:
    """Return "Returns" for "Return", "Leaves out" for "Leave out"."""
    first, *rest = verb.split(" ")
    ending = "es" if first.endswith(("s", "ch", "sh", "x", "o")) else "s"
    return " ".join([first + ending if third else first, *rest])
