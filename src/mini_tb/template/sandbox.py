"""Jinja2's sandbox with the semantics of Python's values.

A compiled template calls everything through `Sandbox.call`, `getitem`, `getattr` and `call_binop`.
Rows of the function table, the runtime's own helpers, safe builtins, lambdas and public methods of
plain values can be called; nothing else can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from types import MethodType
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from mini_tb.template.errors import TemplateError
from mini_tb.template.functions import Function
from mini_tb.template.runtime import PLAIN_TYPES, Exhausted, Runtime, bound_product
from mini_tb.template.values import Placeholder

HELPER = "h_"
"""How the names begin under which a compiled template knows the runtime's own helpers."""


class Generator(CodeGenerator):
    """Jinja2's generator of Python text, for trees whose names are all our own: they are defined,
    and helpers need no guard. That is half of the text, which is half of the time to compile it."""

    def pull_dependencies(self, nodes: Iterable[nodes.Node]) -> None:
        """Nothing: no tree of ours has filters or tests to be searched for."""

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        """A name."""
        if node.ctx == "load":
            self.write(frame.symbols.ref(node.name))
        else:
            super().visit_Name(node, frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """A call: of a helper directly, of anything else through `Sandbox.call`."""
        name = node.node
        if not isinstance(name, nodes.Name) or not name.name.startswith(HELPER):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(name, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


class Sandbox(SandboxedEnvironment):
    """Jinja2's sandbox without Jinja2's leniency: a missing key is an error, as in Python."""

    code_generator_class = Generator
    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def call(
        self,
        context: Context,
        obj: Any,
        /,
        *args: Any,
        _loop_vars: object = None,  # these two come from Jinja2
        _block_vars: object = None,
        **kwargs: Any,
    ) -> Any:
        """Calls what the template calls."""
        runtime: Runtime = context.parent["run"]
        if type(obj) is Function:
            return obj.evaluate(runtime.rendering, *args, **kwargs)
        if type(obj) is MethodType and obj.__self__ is runtime:
            return obj(*args)
        return runtime.call(obj, args, kwargs)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`, with Python's errors."""
        return obj[argument]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A public method of a plain value."""
        if attribute == "get" and not isinstance(obj, dict | Placeholder):
            raise TemplateError(
                "json_get_on_non_object",
                f"`.get()` needs a JSON object, this is a {type(obj).__name__}",
            )
        if isinstance(obj, Placeholder) and attribute == "get":
            return obj.get
        plain = next((t for t in PLAIN_TYPES if isinstance(obj, t)), None)
        if plain is None or not hasattr(plain, attribute) or attribute.startswith("_"):
            raise AttributeError(f"a {type(obj).__name__} has no method `{attribute}`")
        if not self.is_safe_attribute(obj, attribute, None):
            raise TemplateError("forbidden_construct", f"`{attribute}` is not allowed")
        return getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`+`, `*`, `%` and `**`, after counting what they make."""
        runtime: Runtime = context.parent["run"]
        if operator in ("*", "**"):
            bound_product(runtime, operator, left, right)
        elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            runtime.make(len(left) + len(right))
        elif operator == "%" and isinstance(left, str) and re.search(r"\d{5}|\*", left):
            raise Exhausted
        result = self.binop_table[operator](left, right)
        return runtime.weigh(result) if isinstance(result, list | tuple) else result


@cache
def sandbox() -> Sandbox:
    """The environment that all templates share: it holds no state of theirs."""
    return Sandbox(optimized=False, autoescape=False, cache_size=0)
