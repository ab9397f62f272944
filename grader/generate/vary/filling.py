"""Variation: how values get into texts: an f-string, ``%`` or ``str.format``."""

import re

import libcst as cst

from grader.generate.vary.rewrite import Rewrites
from grader.stream import Stream
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.tree import Tree, code, expression, string

STYLES = ("f", "percent", "format")
LOG_WEIGHTS = (4, 4, 2)
TEXT_WEIGHTS = (6, 2, 3)
FOLLOWED = 85  # per cent of the places that follow the program's style
_SLOT = re.compile(r"%(?:(?P<spec>\.\d+)?(?P<kind>[dsf])|%)")
# A quote would do outside an f-string too, but not in what a kind of flaw puts in its place.
_NOT_INSIDE = ("'", '"', "\\", "{", "\n", "lambda", ":=", "#")
_SHOWN_PLAIN = ("", "d")  # %d takes any number, {:d} only whole ones
_SPEC = re.compile(r"(\.\d+f|d)?\Z")

Filled = tuple[list[str], list[tuple[cst.BaseExpression, str]]]
"""The texts between the slots, one more than slots; and for each slot its value and format."""


def refill(notes: Rewrites, stream: Stream) -> None:
    """Note log lines in one style, and other filled texts in another."""
    tree = notes.tree
    logs = stream.weighted(STYLES, LOG_WEIGHTS)
    texts = stream.weighted(STYLES, TEXT_WEIGHTS)
    logger = logger_name(tree)
    logged: set[int] = set()
    for call in tree.calls("debug", "info", "warning", "error"):
        head = call.func.value if isinstance(call.func, cst.Attribute) else None
        if isinstance(head, cst.Name) and head.value == logger and _plain(call):
            logged.add(id(call.args[0].value))
            if stream.chance(FOLLOWED):
                notes.change(call, lambda old: _log(old, logs))
    for text in tree.all(cst.FormattedString):
        inside_other = tree.nearest(text, cst.FormattedString) is not None
        if id(text) in logged or inside_other or texts == "f" or not _may_change(tree, text):
            continue
        if stream.chance(FOLLOWED):
            notes.change(text, lambda old: _text(old, texts))


def _plain(call: cst.Call) -> bool:
    return bool(call.args) and not any(a.keyword is not None or a.star for a in call.args)


def _may_change(tree: Tree, text: cst.FormattedString) -> bool:
    """Tell whether a filled text stands alone: not joined to others, nothing called on it."""
    return not isinstance(tree.parent(text), cst.ConcatenatedString | cst.Attribute)


def _log(call: cst.Call, style: str) -> cst.Call:
    filled = _read_log(call)
    if filled is None or not filled[1]:
        return call
    if style == "percent":
        args = [cst.Arg(_quoted(_percent(filled))), *(cst.Arg(value) for value, _ in filled[1])]
        return call.with_changes(args=args)
    made = _f_string(filled) if style == "f" else _format(filled)
    return call if made is None else call.with_changes(args=[cst.Arg(made)])


def _text(text: cst.FormattedString, style: str) -> cst.BaseExpression:
    filled = _read_f(text)
    if filled is None or not filled[1]:
        return text
    if style == "format":
        return _format(filled) or text
    values = [value for value, _ in filled[1]]
    right: cst.BaseExpression = cst.Tuple(
        [cst.Element(v) for v in values], lpar=[cst.LeftParen()], rpar=[cst.RightParen()]
    )
    return cst.BinaryOperation(_quoted(_percent(filled)), cst.Modulo(), right)


def _read_log(call: cst.Call) -> Filled | None:
    head = call.args[0].value
    if isinstance(head, cst.FormattedString):
        return _read_f(head) if len(call.args) == 1 else None
    text = string(head)
    if text is None or "{" in text or "}" in text:
        return None
    if "%" in _SLOT.sub("", text):
        return None
    texts, formats, end = [""], list[str](), 0
    for slot in _SLOT.finditer(text):
        texts[-1] += text[end : slot.start()]
        end = slot.end()
        if slot[0] == "%%":
            texts[-1] += "%"
            continue
        if slot["kind"] == "f" and not slot["spec"]:
            return None
        formats.append({"f": f"{slot['spec']}f", "d": "d", "s": ""}[slot["kind"]])
        texts.append("")
    texts[-1] += text[end:]
    values = [a.value for a in call.args[1:]]
    fits = len(values) == len(formats)
    return (texts, list(zip(values, formats, strict=True))) if fits else None


def _read_f(text: cst.FormattedString) -> Filled | None:
    if text.start.lower() not in ('f"', "f'") or text.lpar:
        return None
    texts, slots = [""], list[tuple[cst.BaseExpression, str]]()
    for part in text.parts:
        if isinstance(part, cst.FormattedStringText):
            if "\\" in part.value:
                return None
            texts[-1] += part.value.replace("{{", "{").replace("}}", "}")
            continue
        if not isinstance(part, cst.FormattedStringExpression):
            return None
        spec = code_of_spec(part)
        odd = part.conversion is not None or part.equal is not None
        if odd or not _SPEC.match(spec):
            return None
        slots.append((_in_double_quotes(part.expression), spec))
        texts.append("")
    return (texts, slots) if '"' not in "".join(texts) else None


def code_of_spec(part: cst.FormattedStringExpression) -> str:
    """Return the format behind the colon of a slot, as it is written; '' where there is none."""
    return "".join(code(piece) for piece in part.format_spec or ())


def _in_double_quotes(value: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression from inside an f-string with the quotes it has outside."""
    text = code(value)
    return expression(text.replace("'", '"')) if "'" in text and '"' not in text else value


def _percent(filled: Filled) -> str:
    texts, slots = filled
    parts = [texts[0].replace("%", "%%")]
    for (_, spec), text in zip(slots, texts[1:], strict=True):
        parts += [f"%{spec}" if spec else "%s", text.replace("%", "%%")]
    return "".join(parts)


def _format(filled: Filled) -> cst.BaseExpression | None:
    texts, slots = filled
    parts = [_braced(texts[0])]
    for (_, spec), text in zip(slots, texts[1:], strict=True):
        parts += ["{}" if spec in _SHOWN_PLAIN else f"{{:{spec}}}", _braced(text)]
    head = cst.Attribute(_quoted("".join(parts)), cst.Name("format"))
    return cst.Call(head, [cst.Arg(value) for value, _ in slots])


def _f_string(filled: Filled) -> cst.BaseExpression | None:
    texts, slots = filled
    parts = [_braced(texts[0])]
    for (value, spec), text in zip(slots, texts[1:], strict=True):
        inside = code(value)
        if any(mark in inside for mark in _NOT_INSIDE):
            return None
        parts += [
            f"{{{inside}}}" if spec in _SHOWN_PLAIN else f"{{{inside}:{spec}}}",
            _braced(text),
        ]
    return expression('f"' + "".join(parts) + '"')


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _quoted(text: str) -> cst.SimpleString:
    return cst.SimpleString('"' + text + '"')
