"""Tree of tags → Jinja2 template: every tag becomes a node of Jinja2's own syntax tree.

Jinja2's `if` and `for` do the control flow, its expressions the evaluation, its macros the bodies
of lambdas, comprehensions and `try` sections; its compiler makes them one Python function. Names of
templates never become names of Jinja2: they are items of `names`, so that nothing of a request can
meet a helper, and Python's scoping (one scope a template) holds inside of blocks too.

A node's line number is its tag's offset plus one: the traceback of an error then tells the tag.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from types import TracebackType
from typing import Any

from jinja2 import Template as JinjaTemplate
from jinja2 import nodes
from jinja2.runtime import Context

from mini_tb.dataclass import dataclass
from mini_tb.template import tags
from mini_tb.template.expressions import Handler, Loop
from mini_tb.template.functions import DOCUMENTATION, FUNCTIONS, STATEMENT_ALIASES, Function
from mini_tb.template.runtime import BUILTINS, Runtime
from mini_tb.template.sandbox import sandbox

_BINARY: dict[type[ast.operator], type[nodes.BinExpr]] = {
    ast.Add: nodes.Add,
    ast.Sub: nodes.Sub,
    ast.Mult: nodes.Mul,
    ast.Div: nodes.Div,
    ast.FloorDiv: nodes.FloorDiv,
    ast.Mod: nodes.Mod,
    ast.Pow: nodes.Pow,
}
_OPERATED: dict[type[ast.AST], str] = {
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Invert: "~",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "lteq",
    ast.Gt: "gt",
    ast.GtE: "gteq",
    ast.In: "in",
    ast.NotIn: "notin",
}
_UNARY: dict[type[ast.unaryop], type[nodes.UnaryExpr]] = {
    ast.USub: nodes.Neg,
    ast.UAdd: nodes.Pos,
    ast.Not: nodes.Not,
}
# Where a builtin's name is the builtin itself and no parameter: `sorted(x, key=len)`.
_TAKES_FUNCTION = {"map": 0, "filter": 0, "isinstance": 1}


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled template. `texts` are its literal texts, `variables` what it needs to run."""

    template: JinjaTemplate
    texts: list[tags.Text]
    functions: dict[str, Any]
    helpers: tuple[str, ...]

    def run(self, runtime: Runtime) -> None:
        """Runs it. What it raises is the template's own failure; see `offset_of`."""
        variables = dict(self.functions)
        variables["names"] = runtime.names
        variables["run"] = runtime
        for helper in self.helpers:
            variables[f"h_{helper}"] = getattr(runtime, helper)
        # Without Jinja2's own globals, of which our trees name none.
        context = Context(self.template.environment, variables, None, {})
        for _ in self.template.root_render_func(context):
            pass

    def offset_of(self, traceback: TracebackType | None) -> int | None:
        """The offset of the tag in which an error with this traceback arose."""
        line = None
        compiled = self.template.root_render_func.__code__.co_filename
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == compiled:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return None if line is None else self.template.get_corresponding_lineno(line) - 1


def compile_tree(tree: list[tags.Node]) -> Program:
    """Compiles a checked tree."""
    compiler = _Compiler()
    body = compiler.body(tree)
    root = nodes.Template(body, lineno=1)
    # Jinja2 searches the tree for blocks, imports and the like before it compiles. Ours has none,
    # and the search would take a quarter of the time.
    vars(root)["find_all"] = lambda node_type: iter(())
    template = sandbox().from_string(root)
    return Program(template, compiler.texts, compiler.functions, tuple(sorted(compiler.helpers)))


@dataclass(slots=True)
class _OpenLoop:
    """A loop around the statement: the flag that its `else` asks for, and how many `try`
    sections were open at its start."""

    flag: str | None
    sections: int


@dataclass(slots=True)
class _Compiler:
    texts: list[tags.Text] = field(default_factory=list)
    functions: dict[str, Any] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    loops: list[_OpenLoop] = field(default_factory=list)
    sections: int = 0
    serial: int = 0
    line: int = 1
    # Names bound by the lambdas and comprehensions around an expression.
    local: tuple[str, ...] = ()
    # Macros to define before the current statement.
    macros: list[nodes.Node] = field(default_factory=list)

    # --- statements

    def body(self, tree: list[tags.Node]) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for node in tree:
            made += self.statement(node)
        return made

    def statement(self, node: tags.Node) -> list[nodes.Node]:
        self.line = node.offset + 1
        outer, self.macros = self.macros, []
        if isinstance(node, tags.Text):
            self.texts.append(node)
            made = [self.do("text", nodes.Const(len(self.texts) - 1))]
        elif isinstance(node, tags.Output):
            made = [self.do("value", nodes.Const(node.offset), self.expression(node.value))]
        elif isinstance(node, tags.Set):
            made = self.set(node.statement)
        elif isinstance(node, tags.Jump):
            made = self.jump(node.word)
        else:
            made = getattr(self, f"{node.word}_block")(node)
        made, self.macros = [*self.macros, *made], outer
        return made

    def do(self, helper: str, *values: nodes.Expr) -> nodes.Node:
        return nodes.ExprStmt(self.call(helper, *values), lineno=self.line)

    def call(self, helper: str, *values: nodes.Expr) -> nodes.Call:
        self.helpers.add(helper)
        return nodes.Call(nodes.Name(f"h_{helper}", "load"), list(values), [], None, None)

    def set(self, statement: ast.stmt) -> list[nodes.Node]:
        if isinstance(statement, ast.Expr):
            return [nodes.ExprStmt(self.expression(statement.value), lineno=self.line)]
        if isinstance(statement, ast.AugAssign):
            target: Any = statement.target
            value = ast.BinOp(target, statement.op, statement.value)
            return [self.assignment(target, self.expression(value))]
        assert isinstance(statement, ast.Assign)
        value_node = self.expression(statement.value)
        if len(statement.targets) == 1:
            return [self.assignment(statement.targets[0], value_node)]
        self.serial += 1
        shared = ast.Name(f"%value{self.serial}", ast.Load())
        return [
            self.assignment(shared, value_node),
            *(self.assignment(target, self.expression(shared)) for target in statement.targets),
        ]

    def assignment(self, target: ast.expr, value: nodes.Expr) -> nodes.Node:
        if isinstance(target, ast.Subscript):
            container, index = self.expression(target.value), self.expression(target.slice)
            return self.do("setitem", container, index, value)
        return self.do("assign", nodes.Const(_names(target)), value)

    def jump(self, word: str) -> list[nodes.Node]:
        loop = self.loops[-1]
        if self.sections > loop.sections:
            return [self.do("leave", nodes.Const(word))]
        made: list[nodes.Node] = []
        if word == "break" and loop.flag is not None:
            made.append(self.do("assign", nodes.Const(loop.flag), nodes.Const(True)))
        made.append((nodes.Break if word == "break" else nodes.Continue)(lineno=self.line))
        return made

    def if_block(self, block: tags.Block) -> list[nodes.Node]:
        first, *rest = block.sections
        head = self.branch(first)
        otherwise: list[nodes.Node] = []
        for section in rest:
            if section.word == "elif":
                head.elif_.append(self.branch(section))
            else:
                otherwise = self.body(section.body)
        head.else_ = otherwise
        return [head]

    def branch(self, section: tags.Section) -> nodes.If:
        self.line = section.offset + 1
        assert isinstance(section.head, ast.expr)
        test = self.expression(section.head)
        line = self.line
        return nodes.If(test, self.body(section.body), [], [], lineno=line)

    def for_block(self, block: tags.Block) -> list[nodes.Node]:
        head = block.sections[0].head
        assert isinstance(head, Loop)
        items = self.call("each", self.expression(head.items))
        item = nodes.Name("v__item", "load")
        return self.loop(block, "v__item", items, [self.assignment(head.target, item)])

    def while_block(self, block: tags.Block) -> list[nodes.Node]:
        head = block.sections[0].head
        assert isinstance(head, ast.expr)
        stop = nodes.If(
            nodes.Not(self.expression(head)),
            [nodes.Break(lineno=self.line)],
            [],
            [],
            lineno=self.line,
        )
        return self.loop(block, "v__turn", self.call("turns"), [stop])

    def loop(
        self, block: tags.Block, variable: str, items: nodes.Expr, start: list[nodes.Node]
    ) -> list[nodes.Node]:
        line = self.line
        otherwise = block.section("else")
        flag = None
        if otherwise is not None:
            self.serial += 1
            flag = f"%left{self.serial}"
        self.loops.append(_OpenLoop(flag, self.sections))
        body = [*start, *self.body(block.sections[0].body)]
        self.loops.pop()
        self.line = line
        made: list[nodes.Node] = [
            nodes.For(nodes.Name(variable, "store"), items, body, [], None, False, lineno=line)
        ]
        if otherwise is None or flag is None:
            return made
        made.insert(0, self.do("assign", nodes.Const(flag), nodes.Const(False)))
        not_left = nodes.Not(_name(flag))
        made.append(nodes.If(not_left, self.body(otherwise.body), [], [], lineno=line))
        return made

    def try_block(self, block: tags.Block) -> list[nodes.Node]:
        line = self.line
        self.sections += 1
        handlers: list[nodes.Expr] = []
        named: dict[str, nodes.Expr] = {}
        for section in block.sections:
            body = self.body(section.body)
            self.line = line
            macro = self.macro([], body)
            if isinstance(section.head, Handler):
                caught = nodes.Const((section.head.exceptions, section.head.name))
                handlers.append(nodes.Tuple([caught, macro], "load"))
            else:
                named[section.word] = macro
        self.sections -= 1
        none = nodes.Const(None)
        attempt = self.call(
            "attempt",
            named["try"],
            nodes.List(handlers),
            named.get("else", none),
            named.get("finally", none),
        )
        if not self.loops:
            return [nodes.ExprStmt(attempt, lineno=line)]
        self.serial += 1
        word = f"%word{self.serial}"
        return [
            self.do("assign", nodes.Const(word), attempt),
            *(
                nodes.If(
                    nodes.Compare(_name(word), [nodes.Operand("eq", nodes.Const(jump))]),
                    self.jump(jump),
                    [],
                    [],
                    lineno=line,
                )
                for jump in ("break", "continue")
            ),
        ]

    # --- expressions

    def macro(self, arguments: list[str], body: list[nodes.Node]) -> nodes.Expr:
        """Defines a macro before the current statement; returns its name's node."""
        self.serial += 1
        name = f"m_{self.serial}"
        parameters = [nodes.Name(argument, "param") for argument in arguments]
        self.macros.append(nodes.Macro(name, parameters, [], body, lineno=self.line))
        return nodes.Name(name, "load")

    @contextmanager
    def scope(self, names: list[str]) -> Iterator[list[nodes.Node]]:
        """Compiles what is inside a lambda or comprehension; yields its own macros."""
        outer = self.local, self.macros
        self.local, self.macros = (*self.local, *names), []
        yield self.macros
        self.local, self.macros = outer

    def expression(self, node: ast.expr) -> nodes.Expr:
        made: nodes.Expr = getattr(self, f"visit_{type(node).__name__}")(node)
        return made

    def expressions(self, items: list[ast.expr]) -> list[nodes.Expr]:
        return [self.expression(item) for item in items]

    def visit_Constant(self, node: ast.Constant) -> nodes.Expr:
        return nodes.Const(node.value)

    def visit_Name(self, node: ast.Name) -> nodes.Expr:
        return nodes.Name(f"v_{node.id}", "load") if node.id in self.local else _name(node.id)

    def visit_BinOp(self, node: ast.BinOp) -> nodes.Expr:
        left, right = self.expression(node.left), self.expression(node.right)
        kind = _BINARY.get(type(node.op))
        if kind is not None:
            return kind(left, right)
        if isinstance(node.op, ast.MatMult):
            return self.call("fail", nodes.Const("python_type_error"), nodes.Const("no `@` here"))
        return self.call("operate", nodes.Const(_OPERATED[type(node.op)]), left, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> nodes.Expr:
        kind = _UNARY.get(type(node.op))
        operand = self.expression(node.operand)
        return kind(operand) if kind else self.call("operate", nodes.Const("~"), operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> nodes.Expr:
        kind = nodes.And if isinstance(node.op, ast.And) else nodes.Or
        first, *rest = self.expressions(node.values)
        for operand in rest:
            first = kind(first, operand)
        return first

    def visit_Compare(self, node: ast.Compare) -> nodes.Expr:
        if all(type(op) in _COMPARED for op in node.ops):
            operands = [
                nodes.Operand(_COMPARED[type(op)], self.expression(right))
                for op, right in zip(node.ops, node.comparators, strict=True)
            ]
            return nodes.Compare(self.expression(node.left), operands)
        # `is` is no operator of Jinja2: a chain with it is compared pair by pair.
        left, made = node.left, None
        for op, right in zip(node.ops, node.comparators, strict=True):
            pair: nodes.Expr
            if type(op) in _COMPARED:
                pair = self.visit_Compare(ast.Compare(left, [op], [right]))
            else:
                symbol = nodes.Const(_OPERATED[type(op)])
                pair = self.call("operate", symbol, self.expression(left), self.expression(right))
            made = pair if made is None else nodes.And(made, pair)
            left = right
        assert made is not None
        return made

    def visit_IfExp(self, node: ast.IfExp) -> nodes.Expr:
        return nodes.CondExpr(
            self.expression(node.test), self.expression(node.body), self.expression(node.orelse)
        )

    def visit_Subscript(self, node: ast.Subscript) -> nodes.Expr:
        return nodes.Getitem(self.expression(node.value), self.expression(node.slice), "load")

    def visit_Slice(self, node: ast.Slice) -> nodes.Expr:
        lower, upper, step = (
            None if part is None else self.expression(part)
            for part in (node.lower, node.upper, node.step)
        )
        return nodes.Slice(lower, upper, step)

    def visit_List(self, node: ast.List) -> nodes.Expr:
        return nodes.List(self.expressions(node.elts))

    def visit_Tuple(self, node: ast.Tuple) -> nodes.Expr:
        return nodes.Tuple(self.expressions(node.elts), "load")

    def visit_Set(self, node: ast.Set) -> nodes.Expr:
        return self.call("make_set", nodes.List(self.expressions(node.elts)))

    def visit_Dict(self, node: ast.Dict) -> nodes.Expr:
        return nodes.Dict(
            [
                nodes.Pair(self.expression(key), self.expression(value))
                for key, value in zip(node.keys, node.values, strict=True)
                if key is not None
            ]
        )

    def visit_JoinedStr(self, node: ast.JoinedStr) -> nodes.Expr:
        return self.call("concat", *self.expressions(node.values))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> nodes.Expr:
        conversion = chr(node.conversion) if node.conversion > 0 else ""
        specification = (
            nodes.Const("") if node.format_spec is None else self.expression(node.format_spec)
        )
        value = self.expression(node.value)
        return self.call("format", value, nodes.Const(conversion), specification)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> nodes.Expr:
        return self.call("assigned", nodes.Const(node.target.id), self.expression(node.value))

    def visit_Lambda(self, node: ast.Lambda) -> nodes.Expr:
        names = [argument.arg for argument in node.args.args]
        with self.scope(names) as macros:
            result = self.do("give", self.expression(node.body))
        macro = self.macro([f"v_{name}" for name in names], [*macros, result])
        return self.call("function", macro, nodes.Const(len(names)))

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> nodes.Expr:
        return self.comprehension(node.generators, node.elt, "list")

    visit_GeneratorExp = visit_ListComp

    def visit_SetComp(self, node: ast.SetComp) -> nodes.Expr:
        return self.comprehension(node.generators, node.elt, "set")

    def visit_DictComp(self, node: ast.DictComp) -> nodes.Expr:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.comprehension(node.generators, pair, "dict")

    def comprehension(
        self, generators: list[ast.comprehension], item: ast.expr, kind: str
    ) -> nodes.Expr:
        self.serial += 1
        items = f"v__items{self.serial}"
        with self.scope([]) as macros:
            loop = self.generator(generators, item, items)
        return self.call("collect", self.macro([items], [*macros, *loop]), nodes.Const(kind))

    def generator(
        self, generators: list[ast.comprehension], item: ast.expr, items: str
    ) -> list[nodes.Node]:
        if not generators:
            return [self.do("push", nodes.Name(items, "load"), self.expression(item))]
        first, *rest = generators
        source = self.call("each", self.expression(first.iter))
        names = [n.id for n in ast.walk(first.target) if isinstance(n, ast.Name)]
        with self.scope(names) as macros:
            inner = self.generator(rest, item, items)
            for condition in reversed(first.ifs):
                inner = [nodes.If(self.expression(condition), inner, [], [], lineno=self.line)]
            body = [*macros, *inner]
        target = _target(first.target)
        return [nodes.For(target, source, body, [], None, False, lineno=self.line)]

    # --- calls

    def visit_Call(self, node: ast.Call) -> nodes.Expr:
        if isinstance(node.func, ast.Attribute):
            method = nodes.Getattr(self.expression(node.func.value), node.func.attr, "load")
            return self.calling(method, node)
        if isinstance(node.func, ast.Name) and node.func.id not in self.local:
            return self.named_call(node.func.id, node)
        return self.calling(self.expression(node.func), node)

    def named_call(self, name: str, node: ast.Call) -> nodes.Expr:
        if name in BUILTINS:
            return self.calling(self.global_function(name), node)
        row = FUNCTIONS.get(name) or STATEMENT_ALIASES.get(name)
        if row is None:
            return self.calling(self.call("callee", nodes.Const(name), _name(name)), node)
        misfit = row.misfit(len(node.args), [keyword.arg or "" for keyword in node.keywords])
        if misfit is not None:
            return self.call("fail", nodes.Const(misfit[0]), nodes.Const(misfit[1]))
        return self.calling(self.global_function(name), node)

    def global_function(self, name: str) -> nodes.Expr:
        found: Function | Any = BUILTINS.get(name)
        if found is None:
            found = FUNCTIONS.get(name) or STATEMENT_ALIASES[name]
        self.functions[f"f_{name}"] = found
        return nodes.Name(f"f_{name}", "load")

    def calling(self, callee: nodes.Expr, node: ast.Call) -> nodes.Expr:
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        taking = _TAKES_FUNCTION.get(function)
        values = [
            self.function_value(item) if index == taking else self.expression(item)
            for index, item in enumerate(node.args)
        ]
        options = [
            nodes.Keyword(
                keyword.arg or "",
                self.function_value(keyword.value)
                if keyword.arg == "key"
                else self.expression(keyword.value),
            )
            for keyword in node.keywords
            if not _only_documents(keyword, function)
        ]
        return nodes.Call(callee, values, options, None, None)

    def function_value(self, node: ast.expr) -> nodes.Expr:
        if isinstance(node, ast.Name) and node.id in BUILTINS and node.id not in self.local:
            return self.global_function(node.id)
        if isinstance(node, ast.Tuple):
            return nodes.Tuple([self.function_value(item) for item in node.elts], "load")
        return self.expression(node)


def _only_documents(keyword: ast.keyword, function: str) -> bool:
    """Whether an argument is a constant that nothing but the documentation reads."""
    row = FUNCTIONS.get(function)
    typed = row is not None and row.parameter == "typed"
    return typed and keyword.arg in DOCUMENTATION and isinstance(keyword.value, ast.Constant)


def _name(name: str) -> nodes.Expr:
    return nodes.Getitem(nodes.Name("names", "load"), nodes.Const(name), "load")


def _names(target: ast.expr) -> Any:
    """A target as `Runtime.assign` takes it: a name or a tuple of them."""
    if isinstance(target, ast.Tuple | ast.List):
        return tuple(_names(item) for item in target.elts)
    assert isinstance(target, ast.Name)
    return target.id


def _target(target: ast.expr) -> nodes.Expr:
    if isinstance(target, ast.Tuple | ast.List):
        return nodes.Tuple([_target(item) for item in target.elts], "store")
    assert isinstance(target, ast.Name)
    return nodes.Name(f"v_{target.id}", "store")
