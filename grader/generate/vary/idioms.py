"""Variation: two ways that pandas, numpy and Python offer for the same thing."""

from collections.abc import Callable

import libcst as cst

from grader.generate.vary.marks import COLUMN
from grader.generate.vary.rewrite import Rewrites, setting
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, call_name, code, keyword

CHANGED = 45  # per cent of the places, each idiom drawn once for the program and once a place
SAME_NAMES = (
    ("isna", "isnull"),
    ("notna", "notnull"),
)


def swap_idioms(notes: Rewrites, stream: Stream) -> None:
    """Note other ways for some places."""
    tree = notes.tree
    _same_names(notes, stream)
    for call in tree.calls():
        for fits, change in _CALLS:
            if fits(tree, call) and stream.chance(CHANGED):
                notes.change(call, change)
    for part in tree.all(cst.Subscript):
        if _masks_itself(part) and stream.chance(CHANGED):
            notes.change(part, _by_loc)


def _same_names(notes: Rewrites, stream: Stream) -> None:
    """Note one name of each set of equal methods for the whole program."""
    for names in SAME_NAMES:
        new = stream.choice(names)
        for node in notes.tree.all(cst.Attribute):
            if node.attr.value in names and node.attr.value != new:
                notes.change(node.attr, setting(value=new))


def _is_as_function(tree: Tree, call: cst.Call) -> bool:
    """Tell whether a call is ``frame["a"].isna()``; on a table itself the method stays."""
    head = call.func
    return (
        isinstance(head, cst.Attribute)
        and head.attr.value in ("isna", "notna", "isnull", "notnull")
        and isinstance(head.value, cst.Name | cst.Subscript)
        and not call.args
        and "pd" in tree.names()
        and code(head.value) != "pd"
    )


def _as_function(call: cst.Call) -> cst.CSTNode:
    head = cst.ensure_type(call.func, cst.Attribute)
    function = cst.Attribute(cst.Name("pd"), head.attr)
    return cst.Call(function, [cst.Arg(head.value)])


def _drops_columns(tree: Tree, call: cst.Call) -> bool:
    columns = keyword(call, "columns")
    if call_name(call) != "drop" or columns is None:
        return False
    listed = isinstance(columns.value, cst.List)  # a named list is what a kind looks for
    return listed and all(a.keyword is not None for a in call.args)


def _drop_by_axis(call: cst.Call) -> cst.CSTNode:
    columns = keyword(call, "columns")
    if columns is None:
        return call
    rest = [a for a in call.args if a is not columns]
    axis = cst.Arg(cst.Integer("1"), keyword=cst.Name("axis"), equal=_TIGHT)
    made = [cst.Arg(columns.value), axis, *rest]
    return call.with_changes(args=[a.with_changes(comma=_DEFAULT) for a in made])


def _is_between(tree: Tree, call: cst.Call) -> bool:
    """Tell whether a call is ``values.between(low, high)`` on something short."""
    head = call.func
    return (
        isinstance(head, cst.Attribute)
        and head.attr.value == "between"
        and isinstance(head.value, cst.Name | cst.Subscript)
        and len(call.args) == 2
        and all(a.keyword is None and a.star == "" for a in call.args)
        and all(isinstance(a.value, cst.Name | cst.Integer | cst.Float) for a in call.args)
    )


def _as_comparisons(call: cst.Call) -> cst.CSTNode:
    values = cst.ensure_type(call.func, cst.Attribute).value
    sides = [
        cst.Comparison(
            values, [cst.ComparisonTarget(sign, limit.value)], [cst.LeftParen()], [cst.RightParen()]
        )
        for sign, limit in zip(
            (cst.GreaterThanEqual(), cst.LessThanEqual()), call.args, strict=True
        )
    ]
    return cst.BinaryOperation(
        sides[0], cst.BitAnd(), sides[1], [cst.LeftParen()], [cst.RightParen()]
    )


def _is_cast(tree: Tree, call: cst.Call) -> bool:
    if call_name(call) != "astype" or len(call.args) != 1:
        return False
    kind = call.args[0].value
    return isinstance(kind, cst.Name) and kind.value in ("int", "float")


def _cast_by_text(call: cst.Call) -> cst.CSTNode:
    kind = call.args[0].value
    if not isinstance(kind, cst.Name):
        return call
    return call.with_changes(args=[cst.Arg(cst.SimpleString(f'"{kind.value}"'))])


def _is_fromkeys(tree: Tree, call: cst.Call) -> bool:
    plain = len(call.args) == 2 and all(a.keyword is None and not a.star for a in call.args)
    single = plain and isinstance(call.args[1].value, cst.Name | cst.SimpleString)
    return code(call.func) == "dict.fromkeys" and single and COLUMN not in tree.names()


def _as_dict_comprehension(call: cst.Call) -> cst.CSTNode:
    name = cst.Name(COLUMN)
    return cst.DictComp(name, call.args[1].value, cst.CompFor(name, call.args[0].value))


def _strips_first(tree: Tree, call: cst.Call) -> bool:
    return code(call.func).endswith(".str.strip().str.lower") and not call.args


def _lowers_first(call: cst.Call) -> cst.CSTNode:
    """Return ``x.str.lower().str.strip()``."""
    lower = cst.ensure_type(call.func, cst.Attribute)
    strip = cst.ensure_type(cst.ensure_type(lower.value, cst.Attribute).value, cst.Call)
    method = cst.ensure_type(strip.func, cst.Attribute)
    inner = cst.Call(cst.Attribute(method.value, cst.Name("lower")))
    return cst.Call(cst.Attribute(cst.Attribute(inner, cst.Name("str")), cst.Name("strip")))


def _is_table(tree: Tree, call: cst.Call) -> bool:
    return code(call.func) == "pd.DataFrame" and bool(call.args) and call.args[0].keyword is None


def _table_by_name(call: cst.Call) -> cst.CSTNode:
    first = call.args[0].with_changes(keyword=cst.Name("data"), equal=_TIGHT)
    return call.with_changes(args=[first, *call.args[1:]])


def _masks_itself(part: cst.Subscript) -> bool:
    """Tell whether a subscript is ``table[table[...] < x]``: only a table takes that."""
    index = part.slice[0].slice if len(part.slice) == 1 else None
    mask = index.value if isinstance(index, cst.Index) else None
    if not isinstance(part.value, cst.Name) or not isinstance(mask, cst.Comparison):
        return False
    left = mask.left
    own = isinstance(left, cst.Subscript) and isinstance(left.value, cst.Name)
    return own and code(left.value) == part.value.value  # type: ignore[attr-defined]


def _by_loc(part: cst.Subscript) -> cst.CSTNode:
    return part.with_changes(value=cst.Attribute(part.value, cst.Name("loc")))


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_DEFAULT = cst.MaybeSentinel.DEFAULT
_Fits = Callable[[Tree, cst.Call], bool]
_Change = Callable[[cst.Call], cst.CSTNode]
_CALLS: tuple[tuple[_Fits, _Change], ...] = (
    (_is_as_function, _as_function),
    (_drops_columns, _drop_by_axis),
    (_is_between, _as_comparisons),
    (_is_cast, _cast_by_text),
    (_is_fromkeys, _as_dict_comprehension),
    (_strips_first, _lowers_first),
    (_is_table, _table_by_name),
)
