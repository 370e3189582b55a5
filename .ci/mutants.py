"""The mutants of a module: each is one small, wrong change of its syntax tree.

Left out is what no test of behaviour can see or should pin: annotations, `__all__`, `__slots__`, docstrings, the words
of messages (any text with a space, any f-string, the arguments of an error but for `code=`), `__repr__`, and what only
type checkers read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple

_UNSEEN_FIELDS: Final = {"annotation", "returns", "decorator_list", "type_params"}
_UNSEEN_NAMES: Final = {"__all__", "__slots__", "message", "hint", "shown", "problem", "lived"}
# What else an operator may have been; the last one of an order, and the first one of the others, is its opposite.
_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_IDENTITIES: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {ast.Eq: ast.Is, ast.NotEq: ast.IsNot}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
    ast.Pow: ast.Mult,
}
_OTHER_CALLS: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}


class Mutant(NamedTuple):
    """One change, compiled. `function` and `first_line` name the outermost function around it, if there is one."""

    module: str
    line: int
    function: str | None
    first_line: int
    change: str
    code: CodeType

    @property
    def key(self) -> str:
        """Name it, the same in every run over the same source."""
        return f"{self.module}:{self.line}: {self.change}"


class _Place(NamedTuple):
    """Where a node hangs in the tree."""

    parent: ast.AST
    field: str
    number: int | None

    @property
    def is_test(self) -> bool:
        """Tell whether the node is the whole condition of something."""
        return self.field in ("test", "ifs")

    def put(self, node: ast.AST) -> None:
        """Hang another node there."""
        if self.number is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.number] = node


class _Found(NamedTuple):
    place: _Place
    old: ast.AST
    new: ast.AST
    function: ast.AST | None
    name: str | None


def mutants(module: str, path: str) -> Iterator[Mutant]:
    """Give every mutant of a module."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    seen = set()
    for found in _walk(tree, None, None, ""):
        ast.copy_location(found.new, found.old)
        ast.fix_missing_locations(found.new)
        before, after = ast.unparse(found.old), ast.unparse(found.new)
        line, column = getattr(found.old, "lineno", 0), getattr(found.old, "col_offset", 0)
        change = f"[{column}] {_short(before)}  ->  {_short(after)}"
        if (line, change) in seen or before == after:
            continue
        seen.add((line, change))
        found.place.put(found.new)
        code = compile(tree, path, "exec")
        found.place.put(found.old)
        yield Mutant(module, line, found.name, getattr(found.function, "lineno", 0), change, code)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) < 150 else line[:147] + "..."


def _walk(node: ast.AST, function: ast.AST | None, name: str | None, scope: str) -> Iterator[_Found]:
    for field, value in ast.iter_fields(node):
        if field in _UNSEEN_FIELDS:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            place = _Place(node, field, index)
            if not isinstance(child, ast.AST) or _unseen(child, place):
                continue
            outer, outer_name, inner = function, name, scope
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = f"{scope}.{child.name}" if scope else child.name
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and field == "body" and function is None:
                outer, outer_name = node, scope
            for new in _changes(child, place):
                yield _Found(place, child, new, outer, outer_name)
            yield from _walk(child, outer, outer_name, inner)


def _unseen(child: ast.AST, place: _Place) -> bool:
    match child:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.AnnAssign(value=None):
            return True
        case ast.FunctionDef(name="__repr__") | ast.FunctionDef(decorator_list=[ast.Name(id="overload")]):
            return True
        case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="TypeVar")):
            return True
        case ast.Assign(targets=[ast.Name(id=target)]) | ast.AugAssign(target=ast.Name(id=target)):
            return target in _UNSEEN_NAMES or (target[0].isupper() and _is_type(child.value))
    match place.parent:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return place.field != "orelse"
        case ast.keyword(arg="limit"):
            return True  # the name of a limit, for a message
        case ast.Call(func=ast.Name(id=name)) if place.field == "args" and name.endswith("Error"):
            return True
        case ast.Call(func=func) if place.field == "args" and ast.unparse(func).startswith(("_wire.", "seconds")):
            # They are told how to name in a message what they read.
            return isinstance(child, ast.Constant) and isinstance(child.value, str)
    return False


def _is_type(value: ast.AST) -> bool:
    """Tell an alias of a type, such as `A = str | B` or `C = Callable[[A], B]`."""
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr))


def _changes(node: ast.AST, place: _Place) -> Iterator[ast.AST]:
    if place.is_test and isinstance(node, ast.expr):
        yield ast.Constant(value=True)
        yield ast.Constant(value=False)
    change = _statements if isinstance(node, ast.stmt) else _OF_A_KIND.get(type(node))
    if change is not None:
        yield from change(node, place)


def _comparisons(node: Any, place: _Place) -> Iterator[ast.AST]:
    for index, op in enumerate(node.ops):
        news = list(_COMPARISONS[type(op)])
        if place.is_test and len(node.ops) == 1:
            news.pop()  # the test itself becomes True and False already
        # With a constant the interpreter itself warns of `is`, and small numbers are the same object.
        sides = (node.left, *node.comparators)
        if type(op) in _IDENTITIES and not any(_is_constant(side) for side in sides):
            news.append(_IDENTITIES[type(op)])
        for new in news:
            ops = [*node.ops[:index], new(), *node.ops[index + 1 :]]
            yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
    match node:
        case ast.Compare(left=ast.Call(func=ast.Name(id="type"), args=[value]), ops=[op], comparators=[kind]):
            if not isinstance(kind, ast.Call):
                call = ast.Call(func=ast.Name(id="isinstance", ctx=ast.Load()), args=[value, kind], keywords=[])
                yield call if isinstance(op, ast.Is) else ast.UnaryOp(op=ast.Not(), operand=call)


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "len")


def _conditions(node: Any, _place: _Place) -> Iterator[ast.AST]:
    yield ast.BoolOp(op=ast.Or() if isinstance(node.op, ast.And) else ast.And(), values=node.values)
    for index in range(len(node.values)):
        rest = node.values[:index] + node.values[index + 1 :]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)


def _signs(node: Any, place: _Place) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.USub) or (isinstance(node.op, ast.Not) and not place.is_test):
        yield node.operand


def _arithmetic(node: Any, _place: _Place) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.BitOr):
        yield node.left
        yield node.right
    elif type(node.op) in _ARITHMETIC:
        yield ast.BinOp(left=node.left, op=_ARITHMETIC[type(node.op)](), right=node.right)


def _constants(node: Any, _place: _Place) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(value=not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value=value + 1)
        yield ast.Constant(value=value - 1)
    elif isinstance(value, bytes):
        yield ast.Constant(value=value + b"XX")
    elif isinstance(value, str) and " " not in value:
        yield ast.Constant(value=f"{value}XX")


def _calls(node: Any, _place: _Place) -> Iterator[ast.AST]:
    args, keywords = node.args, node.keywords
    match node.func:
        case ast.Name(id=name) if name.endswith("Error") or name in ("isinstance", "quote"):
            return
        case ast.Name(id=name) if name in _OTHER_CALLS:
            yield ast.Call(func=ast.Name(id=_OTHER_CALLS[name], ctx=ast.Load()), args=args, keywords=keywords)
        case ast.Attribute(value=receiver, attr="lower" | "rstrip" | "lstrip" | "strip" | "items"):
            yield receiver
    for index in range(len(args) - 1):
        swapped = [*args[:index], args[index + 1], args[index], *args[index + 2 :]]
        yield ast.Call(func=node.func, args=swapped, keywords=keywords)
    for index in range(len(keywords)):
        yield ast.Call(func=node.func, args=args, keywords=keywords[:index] + keywords[index + 1 :])


def _sequences(node: Any, place: _Place) -> Iterator[ast.AST]:
    parts = node.elts
    if not isinstance(node.ctx, ast.Load) or len(parts) < 2 or place.field == "slice":
        return
    if all(isinstance(part, ast.Constant) for part in parts):
        return  # each of them becomes another constant already
    for index in range(len(parts)):
        yield type(node)(elts=parts[:index] + parts[index + 1 :], ctx=ast.Load())


def _statements(node: Any, place: _Place) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value=value) if value is not None and ast.unparse(value) != "None":
            yield ast.Return(value=ast.Constant(value=None))
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            # An `if` with nothing else in it becomes False already.
            parent = place.parent
            if not (isinstance(parent, ast.If) and len(parent.body) == 1 and not parent.orelse):
                yield ast.Pass()
        case ast.Expr() | ast.AugAssign() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Assign(targets=[target, ast.Subscript()], value=value):
            yield ast.Assign(targets=[target], value=value)


_OF_A_KIND: Final[dict[type[ast.AST], Callable[[Any, _Place], Iterator[ast.AST]]]] = {
    ast.Compare: _comparisons,
    ast.BoolOp: _conditions,
    ast.UnaryOp: _signs,
    ast.BinOp: _arithmetic,
    ast.Constant: _constants,
    ast.Call: _calls,
    ast.Tuple: _sequences,
    ast.List: _sequences,
}
