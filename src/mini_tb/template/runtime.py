"""One rendering while it runs: names, output, limits, and what compiled templates call.

Work is counted: loops, made text and big numbers end in `Exhausted` long before they hurt.
"""

from __future__ import annotations

import builtins
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2.utils import missing

from mini_tb.template.errors import TemplateError
from mini_tb.template.evaluators import Rendering
from mini_tb.template.output import Chunk
from mini_tb.template.tags import Text
from mini_tb.template.values import Placeholder, sql_parts

MAX_STEPS = 100_000  # turns of loops and calls of lambdas, of one rendering
MAX_MADE = 1 << 26  # characters and elements made, of one rendering
MAX_NESTED = 1 << 18  # elements of one nested value
MAX_BITS = 4096  # of one integer

TIMESTAMP = "job_timestamp"
PLAIN_TYPES = (str, int, float, list, dict, tuple, set, frozenset)
# What Python raises where values do not fit; RecursionError is a RuntimeError.
PYTHON_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
)


class Exhausted(BaseException):
    """The template works too much. No `except` of a template catches it."""


class Leave(BaseException):
    """`break` or `continue` on its way out of a `try` block."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(word)


class Names(dict[str, Any]):
    """Parameters and assigned variables; what is in neither is null, or a placeholder in check.
    `job_timestamp` is the time, unless it is a parameter; `tells_time` says that it was asked."""

    def __init__(self, missing: Placeholder | None, now: datetime | None) -> None:
        super().__init__()
        self.missing = missing
        self.tells_time = False
        self._now = now

    def __missing__(self, name: str) -> Placeholder | str | None:
        if name != TIMESTAMP:
            return self.missing
        self.tells_time = True
        return (self._now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S")


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_STEPS:
        raise Exhausted
    return numbers


# What statements may call besides the function table. Values, so that nothing else is reachable.
BUILTINS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(abs, all, any, bool, chr, dict, divmod, enumerate, filter, float, frozenset, int),
        *(isinstance, len, list, map, max, min, ord, repr, reversed, round, set, sorted, str),
        *(sum, tuple, zip),
    )
} | {"range": _range}
_SAFE = frozenset(BUILTINS.values())

_CONVERSIONS: dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}
OPERATORS: dict[str, Callable[..., Any]] = {
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "~": operator.invert,
    "is": operator.is_,
    "is not": operator.is_not,
}


class Lambda:
    """A lambda of the template, callable from Python's own functions as well."""

    __slots__ = ("arity", "macro", "runtime")

    def __init__(self, runtime: Runtime, macro: Callable[..., Any], arity: int) -> None:
        self.runtime = runtime
        self.macro = macro
        self.arity = arity

    def __call__(self, *values: Any) -> Any:
        if len(values) != self.arity:
            raise TypeError(f"a lambda of {self.arity} arguments got {len(values)}")
        self.runtime.step()
        self.macro(*values)
        return self.runtime.given.pop()


class Runtime:
    """One rendering: its names, its output, and what compiled templates call by name."""

    def __init__(self, rendering: Rendering, names: Names, texts: list[Text]) -> None:
        self.rendering = rendering
        self.names = names
        self.texts = texts
        self.chunks: list[Chunk] = []
        self.given: list[Any] = []
        self.steps = 0
        self.made = 0

    # limits

    def step(self) -> None:
        """Counts a turn of a loop."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Exhausted

    def make(self, size: int) -> None:
        """Counts characters and elements before they are made."""
        self.made += size
        if self.made > MAX_MADE:
            raise Exhausted

    def weigh(self, value: Any) -> Any:
        """`value`, after counting all that is nested in it."""
        if isinstance(value, list | tuple | dict | set | frozenset):
            todo, count = [value], 0
            while todo:
                item = todo.pop()
                if isinstance(item, dict):
                    todo += item.keys()
                    todo += item.values()
                    count += len(item)
                elif isinstance(item, list | tuple | set | frozenset):
                    todo += item
                    count += len(item)
                if count > MAX_NESTED:
                    raise Exhausted
            self.make(count)
        return value

    # output

    def text(self, index: int) -> None:
        """Writes literal text."""
        text = self.texts[index]
        self.make(text.size)
        self.chunks.append(text)

    def value(self, offset: int, value: Any) -> None:
        """Writes the value of `{{ }}`."""
        if value is None:
            raise TemplateError("null_expression", "the expression evaluated to null")
        if not isinstance(value, str | int | float):
            value = self.weigh(self.plain(value))
        parts = sql_parts(value)
        self.make(sum(len(p if isinstance(p, str) else p.text) for p in parts))
        self.chunks.append((offset, parts))

    def plain(self, value: Any) -> Any:
        """A list of what a lazy builtin (`range`, `map`, `zip`) would give."""
        if isinstance(value, range | map | zip | enumerate | filter) or (
            type(value).__name__ in ("reversed", "list_reverseiterator", "dict_keys")
        ):
            return list(self.each(value))
        if type(value).__name__ in ("dict_values", "dict_items"):
            return list(self.each(value))
        return value

    # names

    def assign(self, target: str | tuple[Any, ...], value: Any) -> None:
        """Gives the value, or its items, to a name or a (nested) tuple of names."""
        if isinstance(target, str):
            self.names[target] = self.weigh(value)
            return
        items = list(self.each(value))
        if len(items) != len(target):
            raise ValueError(f"{len(items)} values for {len(target)} names")
        for name, item in zip(target, items, strict=True):
            self.assign(name, item)

    def assigned(self, name: str, value: Any) -> Any:
        """The value of `(name := value)`."""
        self.assign(name, value)
        return value

    def setitem(self, container: Any, key: Any, value: Any) -> None:
        """`container[key] = value`"""
        if not isinstance(container, list | dict):
            raise TypeError(f"items of a {type(container).__name__} cannot be assigned")
        container[key] = self.weigh(value)

    # control

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, counted."""
        for item in items:
            self.step()
            yield item

    def turns(self) -> Iterator[None]:
        """Turns of a `while` loop, without end but for the limit."""
        while True:
            self.step()
            yield None

    def leave(self, word: str) -> None:
        """Leaves a `try` block by `break` or `continue`."""
        raise Leave(word)

    def attempt(
        self,
        body: Callable[[], Any],
        handlers: list[tuple[tuple[tuple[str, ...], str | None], Callable[[], Any]]],
        otherwise: Callable[[], Any] | None,
        finally_: Callable[[], Any] | None,
    ) -> str:
        """Runs a `try` block. Returns the word by which it was left, or ''."""
        try:
            try:
                body()
            except (TemplateError, *PYTHON_FAILURES) as error:
                for (names, bound), handler in handlers:
                    if _catches(names, error):
                        if bound is not None:
                            self.names[bound] = str(error)
                        handler()
                        break
                else:
                    raise
            else:
                if otherwise is not None:
                    otherwise()
        except Leave as left:
            return left.word
        finally:
            if finally_ is not None:
                finally_()
        return ""

    # expressions that Jinja2 has no words for

    def function(self, macro: Callable[..., Any], arity: int) -> Lambda:
        """A lambda whose body is a macro that ends in `give`."""
        return Lambda(self, macro, arity)

    def give(self, value: Any) -> None:
        """The result of a lambda's body."""
        if value is missing:
            raise TypeError("a lambda uses a name of a comprehension that is over")
        self.given.append(self.weigh(value))

    def collect(self, macro: Callable[..., Any], kind: str) -> Any:
        """The list, set or dictionary of a comprehension whose loop is a macro."""
        items: list[Any] = []
        macro(items)
        if kind == "dict":
            return dict(items)
        return set(items) if kind == "set" else items

    def push(self, items: list[Any], item: Any) -> None:
        """One more item of a comprehension."""
        items.append(self.weigh(item))

    def make_set(self, items: list[Any]) -> set[Any]:
        """`{a, b}`"""
        return set(items)

    def concat(self, *parts: str) -> str:
        """An f-string's parts as one."""
        self.make(sum(map(len, parts)))
        return "".join(parts)

    def format(self, value: Any, conversion: str, specification: str) -> str:
        """`{value!conversion:specification}` of an f-string."""
        if re.search(r"\d{5}", specification):
            raise Exhausted
        if conversion:
            value = _CONVERSIONS[conversion](value)
        if not specification and isinstance(value, str):
            return str(value)
        return builtins.format(value, specification)

    def operate(self, symbol: str, *operands: Any) -> Any:
        """Operators that Jinja2 does not have."""
        if symbol == "<<" and isinstance(operands[1], int) and operands[1] > MAX_BITS:
            raise Exhausted
        return OPERATORS[symbol](*operands)

    def callee(self, name: str, value: Any) -> Any:
        """What a name that is no function of templates stands for, if it can be called."""
        if not isinstance(value, Lambda):
            raise TemplateError("not_a_function", f"`{name}` is not a function")
        return value

    def fail(self, kind: str, detail: str) -> None:
        """A call that is known to be wrong, once it is reached."""
        raise TemplateError(kind, detail)

    def call(self, function: Any, values: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """Calls a builtin, a lambda, or a method of a plain value."""
        if isinstance(function, Lambda):
            return function(*values, **options)
        receiver: Any = None
        if isinstance(function, BuiltinMethodType) and function not in _SAFE:
            receiver = function.__self__
            if not isinstance(receiver, PLAIN_TYPES):
                function = None
        elif isinstance(function, MethodType) and isinstance(function.__self__, Placeholder):
            receiver = function.__self__
        elif function not in _SAFE:
            function = None
        if function is None:
            raise TemplateError("not_a_function", "the value that is called is not a function")
        self.count_call(function.__name__, receiver, values)
        return function(*values, **options)

    def count_call(self, name: str, receiver: Any, values: tuple[Any, ...]) -> None:
        """Counts what a builtin or a method may make of its arguments."""
        size = len(receiver) if hasattr(receiver, "__len__") else 0
        for value in values:
            if isinstance(value, str | range):
                size += len(value)
            else:
                self.weigh(value)
        if isinstance(receiver, str):
            if name == "replace" and len(values) > 1 and isinstance(values[1], str):
                size += (len(receiver) // max(1, len(str(values[0]))) + 1) * len(values[1])
            elif name == "join" and isinstance(values[0], list | tuple | set):
                size += sum(len(v) + len(receiver) for v in values[0] if isinstance(v, str))
            elif name in ("center", "ljust", "rjust", "zfill") and isinstance(values[0], int):
                size += values[0]
        self.make(size)


def bound_product(runtime: Runtime, symbol: str, left: Any, right: Any) -> None:
    """Raises `Exhausted` if `left * right` or `left ** right` would be too large to make."""
    if isinstance(left, int) and isinstance(right, int):
        if symbol == "*":
            bits = left.bit_length() + right.bit_length()
        else:
            bits = left.bit_length() * abs(right)
        if bits > MAX_BITS:
            raise Exhausted
    for sequence, count in ((left, right), (right, left)):
        if hasattr(sequence, "__len__") and isinstance(count, int):
            runtime.make(len(sequence) * max(0, count))


def _catches(names: tuple[str, ...], error: Exception) -> bool:
    """Whether `except` with these names catches the error; no names catch any."""
    if not names:
        return True
    known = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, TemplateError):
        known.add("ValueError")
    return not known.isdisjoint(names)


def failure(error: BaseException) -> TemplateError:
    """A failure while evaluating, in the words of templates."""
    if isinstance(error, TemplateError):
        return error
    if isinstance(error, Exhausted):
        return TemplateError("too_much_work", "the template loops too often or makes too much text")
    if isinstance(error, KeyError):
        return TemplateError("missing_key", f"there is no key {error}")
    if isinstance(error, IndexError):
        return TemplateError("index_error", str(error))
    if isinstance(error, RecursionError):
        return TemplateError("too_much_work", "the template calls itself too often")
    return TemplateError("python_type_error", f"{error}")


FAILURES = (TemplateError, *PYTHON_FAILURES)
