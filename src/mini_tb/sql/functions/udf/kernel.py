"""Functions over words of 32 and 64 bits, and over several side by side, written in Python and run
as machine code.

What a `Word` goes through is not computed but recorded, as LLVM's assembly, when a kernel is built:
Python's own names, functions and loops then only shape the record. What depends on the data is
written with `when` and `repeat`. Numbers are unsigned and wrap around; a Python number takes the
width of the word it meets. Addresses and sizes are words of 64 bits.

Nothing looks whether an address is one of the kernel's: a kernel must not read further than it was
told, and `machine.SPARE` bytes more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from mini_tb.dataclass import dataclass


def _type(bits: int, lanes: int = 1) -> str:
    return f"i{bits}" if lanes == 1 else f"<{lanes} x i{bits}>"


class Word:
    """A value that a function will have: of 32 or 64 bits, or several of those side by side, as
    `lanes`, with which the same is done. How many fit the processor's vectors does not matter."""

    __slots__ = ("bits", "body", "lanes", "place")

    def __init__(self, body: Body, place: str, bits: int, lanes: int = 1) -> None:
        self.body = body
        self.place = place
        self.bits = bits
        self.lanes = lanes

    @property
    def text(self) -> str:
        """What stands for it in an operation."""
        return self.place

    @property
    def type(self) -> str:
        return _type(self.bits, self.lanes)

    def now(self) -> Word:
        """The value of this time, whatever a variable is given later."""
        return self._made(self.text)

    def _made(self, place: str) -> Word:
        """A word of the same shape."""
        return Word(self.body, place, self.bits, self.lanes)

    def _with(self, other: Word | int, operation: str) -> Word:
        right = self.body.lifted(other, self.bits, self.lanes)
        return self._made(self.body.line(f"{operation} {self.type} {self.text}, {right.text}"))

    def _shifted(self, by: Word | int, operation: str) -> Word:
        # By as many bits as a word has, or more, it would be anything.
        return self._with(by & self.bits - 1, operation)

    def _is(self, other: Word | int, operation: str) -> Word:
        right = self.body.lifted(other, self.bits)
        holds = self.body.line(f"icmp {operation} {self.type} {self.text}, {right.text}")
        return self.body.value(f"zext i1 {holds} to i32", 32)

    def _intrinsic(self, name: str, *words: Word) -> Word:
        lanes = f"v{self.lanes}" if self.lanes > 1 else ""
        given = ", ".join(f"{word.type} {word.text}" for word in words)
        return self._made(
            self.body.line(f"call {self.type} @llvm.{name}.{lanes}i{self.bits}({given})")
        )

    def _as(self, operation: str, bits: int) -> Word:
        """As words of another width."""
        to = _type(bits, self.lanes)
        return self.body.value(f"{operation} {self.type} {self.text} to {to}", bits, self.lanes)

    def __add__(self, other: Word | int) -> Word:
        return self._with(other, "add")

    def __sub__(self, other: Word | int) -> Word:
        return self._with(other, "sub")

    def __rsub__(self, other: int) -> Word:
        return self.body.lifted(other, self.bits, self.lanes) - self

    def __mul__(self, other: Word | int) -> Word:
        return self._with(other, "mul")

    def __and__(self, other: Word | int) -> Word:
        return self._with(other, "and")

    def __or__(self, other: Word | int) -> Word:
        return self._with(other, "or")

    def __xor__(self, other: Word | int) -> Word:
        return self._with(other, "xor")

    def __rxor__(self, other: int) -> Word:
        return self._with(other, "xor")

    def __invert__(self) -> Word:
        return self._with(-1, "xor")

    def __lshift__(self, by: Word | int) -> Word:
        return self._shifted(by, "shl")

    def __rshift__(self, by: Word | int) -> Word:
        return self._shifted(by, "lshr")

    def __lt__(self, other: Word | int) -> Word:
        return self._is(other, "ult")

    def __le__(self, other: Word | int) -> Word:
        return self._is(other, "ule")

    def __gt__(self, other: Word | int) -> Word:
        return self._is(other, "ugt")

    def __ge__(self, other: Word | int) -> Word:
        return self._is(other, "uge")

    def below(self, other: Word | int) -> Word:
        """Whether it is less, both taken as signed."""
        return self._is(other, "slt")

    def __bool__(self) -> bool:
        raise TypeError("the value is not known yet: write `when` or `repeat`")

    def left(self, by: Word | int) -> Word:
        """The bits rotated to the left."""
        word = self.now()
        return self._intrinsic("fshl", word, word, self.body.lifted(by, self.bits, self.lanes))

    def right(self, by: Word | int) -> Word:
        """The bits rotated to the right."""
        word = self.now()
        return self._intrinsic("fshr", word, word, self.body.lifted(by, self.bits, self.lanes))

    def swapped(self) -> Word:
        """The bytes in the other order."""
        return self._intrinsic("bswap", self)

    def least(self, other: Word | int) -> Word:
        """The smaller one."""
        return self._intrinsic("umin", self, self.body.lifted(other, self.bits, self.lanes))

    def product(self, other: Word | int) -> tuple[Word, Word]:
        """The low and the high 64 bits of the product of two words of 64 bits."""
        factor = self.body.lifted(other, 64)
        wide = self._as("zext", 128) * factor._as("zext", 128)
        return wide._as("trunc", 64), (wide >> 64)._as("trunc", 64)

    def over(self, other: Word) -> Word:
        """The quotient of two numbers of 64 bits as a float; see `times`."""
        line = self.body.line
        floats = [line(f"uitofp i64 {word.text} to double") for word in (self, other)]
        quotient = line(f"fdiv double {', '.join(floats)}")
        return self.body.value(f"bitcast double {quotient} to i64", 64)

    def times(self, quotient: Word) -> Word:
        """The whole part of a number times a quotient, in the arithmetic of floats."""
        line = self.body.line
        number = line(f"sitofp i64 {self.text} to double")
        factor = line(f"bitcast i64 {quotient.text} to double")
        product = line(f"fmul double {number}, {factor}")
        return self.body.value(f"call i64 @llvm.fptosi.sat.i64.f64(double {product})", 64)

    def long(self) -> Word:
        """The same numbers in 64 bits."""
        return self._as("zext", 64)

    def short(self) -> Word:
        """The low 32 bits."""
        return self._as("trunc", 32)

    def halves(self) -> tuple[Word, Word]:
        """The low and the high 32 bits."""
        return self.short(), (self >> 32).short()

    def joined(self, high: Word) -> Word:
        """The words of 64 bits of which these of 32 are the low ones."""
        return self.long() | (high.long() << 32)

    def followed(self, other: Word) -> Word:
        """The words of both in turn, side by side."""
        turns = ", ".join(f"i32 {i}, i32 {self.lanes + i}" for i in range(self.lanes))
        both = f"{self.type} {self.text}, {other.type} {other.text}"
        lanes = 2 * self.lanes
        return self.body.value(f"shufflevector {both}, <{lanes} x i32> <{turns}>", self.bits, lanes)

    def signed_byte(self) -> Word:
        """The number of 32 bits whose low byte this is, as a signed one."""
        byte = self.body.line(f"trunc i32 {self.text} to i8")
        return self.body.value(f"sext i8 {byte} to i32", 32)

    def _pointer(self, offset: int) -> str:
        pointer = self.body.line(f"inttoptr i64 {self.text} to ptr")
        return self.body.line(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def word(self, offset: int = 0, lanes: int = 1) -> Word:
        """The eight bytes that lie at this address; those behind them as further lanes."""
        loaded = f"load {_type(64, lanes)}, ptr {self._pointer(offset)}, align 1"
        return self.body.value(loaded, 64, lanes)

    def half(self, offset: int = 0, lanes: int = 1) -> Word:
        """The four bytes that lie at this address; those behind them as further lanes."""
        loaded = f"load {_type(32, lanes)}, ptr {self._pointer(offset)}, align 1"
        return self.body.value(loaded, 32, lanes)

    def pair(self, offset: int = 0) -> Word:
        """The two bytes that lie at this address."""
        pair = self.body.line(f"load i16, ptr {self._pointer(offset)}, align 1")
        return self.body.value(f"zext i16 {pair} to i32", 32)

    def byte(self, offset: int = 0) -> Word:
        """The byte that lies at this address."""
        byte = self.body.line(f"load i8, ptr {self._pointer(offset)}")
        return self.body.value(f"zext i8 {byte} to i32", 32)

    def put(self, word: Word, offset: int = 0) -> None:
        """Lay a word down at this address."""
        value = f"{word.type} {word.text}"
        self.body.lines.append(f"store {value}, ptr {self._pointer(offset)}, align 1")

    def put_byte(self, word: Word, offset: int = 0) -> None:
        """Lay the low byte of a word down at this address."""
        byte = self.body.line(f"trunc {word.type} {word.text} to i8")
        self.body.lines.append(f"store i8 {byte}, ptr {self._pointer(offset)}")


class Variable(Word):
    """A word that can be given another value; each use has the value of its time."""

    __slots__ = ()

    @property
    def text(self) -> str:
        return self.body.line(f"load {self.type}, ptr {self.place}")

    def set(self, value: Word | int) -> None:
        """Give another value."""
        given = self.body.lifted(value, self.bits, self.lanes)
        self.body.lines.append(f"store {self.type} {given.text}, ptr {self.place}")


class Body:
    """The record of one function."""

    def __init__(self, module: Module | None = None) -> None:
        self.module = module or Module()
        self.lines: list[str] = []
        self.rooms: list[str] = []
        """What room is made for when the function begins."""
        self._names = count()

    def line(self, operation: str) -> str:
        """Record an operation; the name of its value."""
        name = f"%v{next(self._names)}"
        self.lines.append(f"{name} = {operation}")
        return name

    def _room(self, kind: str) -> str:
        name = f"%v{next(self._names)}"
        self.rooms.append(f"{name} = alloca {kind}")
        return name

    def lifted(self, value: Word | int, bits: int, lanes: int = 1) -> Word:
        """A word of this shape: one that is; one alone, or a number, in each lane."""
        if isinstance(value, Word):
            if (value.bits, value.lanes) == (bits, 1) and lanes > 1:
                value = self._spread(value, lanes)
            shapes = (value.bits, value.lanes), (bits, lanes)
            if shapes[0] != shapes[1]:
                found, wanted = (f"i{bits}" + f"x{n}" * (n > 1) for bits, n in shapes)
                raise TypeError(f"a word of the shape {found} where one of {wanted} belongs")
            return value
        number = str(value & ((1 << bits) - 1))
        return Word(self, number if lanes == 1 else f"splat (i{bits} {number})", bits, lanes)

    def _spread(self, word: Word, lanes: int) -> Word:
        """A word alone in each of several lanes."""
        kind = _type(word.bits, lanes)
        first = self.line(f"insertelement {kind} poison, {word.type} {word.text}, i32 0")
        each = f"<{lanes} x i32> zeroinitializer"
        spread = f"shufflevector {kind} {first}, {kind} poison, {each}"
        return self.value(spread, word.bits, lanes)

    def value(self, operation: str, bits: int, lanes: int = 1) -> Word:
        """A word that is computed now."""
        return Word(self, self.line(operation), bits, lanes)

    def number(self, value: int, bits: int = 64, lanes: int = 1) -> Word:
        """A number as a word, in each lane."""
        return self.lifted(value, bits, lanes)

    def variable(self, value: Word | int, bits: int = 64) -> Variable:
        """A variable with its first value."""
        first = value if isinstance(value, Word) else self.number(value, bits)
        variable = Variable(self, self._room(first.type), first.bits, first.lanes)
        variable.set(first)
        return variable

    def room(self, size: int) -> Word:
        """The address of so many bytes, in which the function may lay down what it likes."""
        return self.value(f"ptrtoint ptr {self._room(f'[{size} x i8], align 16')} to i64", 64)

    def table(self, data: bytes) -> Word:
        """The address of these bytes."""
        return Word(self, f"ptrtoint (ptr {self.module.table(data)} to i64)", 64)

    def _labels(self, many: int) -> list[str]:
        return [f"b{next(self._names)}" for _ in range(many)]

    def _branch(self, condition: Word, then: str, otherwise: str) -> None:
        holds = self.line(f"icmp ne i32 {condition.text}, 0")
        self.lines.append(f"br i1 {holds}, label %{then}, label %{otherwise}")

    @contextmanager
    def when(self, condition: Word) -> Iterator[None]:
        """What is done if a comparison holds."""
        then, after = self._labels(2)
        self._branch(condition, then, after)
        self.lines.append(f"{then}:")
        yield
        self.lines.append(f"br label %{after}")
        self.lines.append(f"{after}:")

    @contextmanager
    def repeat(self, condition: Callable[[], Word]) -> Iterator[None]:
        """What is done as long as a comparison holds."""
        again, then, after = self._labels(3)
        self.lines.append(f"br label %{again}")
        self.lines.append(f"{again}:")
        self._branch(condition(), then, after)
        self.lines.append(f"{then}:")
        yield
        self.lines.append(f"br label %{again}")
        self.lines.append(f"{after}:")

    def give(self, value: Word) -> None:
        """Return a value."""
        (after,) = self._labels(1)
        self.lines.append(f"ret {value.type} {value.text}")
        self.lines.append(f"{after}:")

    def call(self, function: Function, *words: Word) -> Word:
        """The value of another function."""
        self.module.add(function, len(words))
        given = ", ".join(f"{word.type} {word.text}" for word in words)
        return self.value(f"call i{function.result} @{function.name}({given})", function.result)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of its own, of words of 64 bits. Its last word, or what it gives before, is its
    value, of so many bits."""

    name: str
    result: int
    build: Callable[..., Word]


class Module:
    """The functions and tables that make up a kernel."""

    def __init__(self) -> None:
        self._functions: dict[str, str] = {}
        self._tables: dict[bytes, str] = {}

    def table(self, data: bytes) -> str:
        """The name of these bytes."""
        return self._tables.setdefault(data, f"@table_{len(self._tables)}")

    def add(self, function: Function, parameters: int) -> None:
        """Have a function, which is called with so many words."""
        if function.name not in self._functions:
            body = Body(self)
            words = [Word(body, f"%p{i}", 64) for i in range(parameters)]
            value = function.build(*words)
            self._functions[function.name] = _written(function.name, parameters, body, value)

    def text(self, name: str, parameters: int, body: Body, value: Word) -> str:
        """All of it as LLVM's assembly, with a function that can be called from without."""
        tables = (
            f'{name} = private constant [{len(data)} x i8] c"{_escaped(data)}", align 16'
            for data, name in self._tables.items()
        )
        main = _written(name, parameters, body, value, "")
        return "\n".join([*tables, *self._functions.values(), main])


def _written(name: str, parameters: int, body: Body, value: Word, linkage: str = "internal") -> str:
    given = ", ".join(f"i64 %p{i}" for i in range(parameters))
    header = f"define {linkage} {value.type} @{name}({given}) {{"
    end = f"ret {value.type} {value.text}"
    return "\n".join([header, *body.rooms, *body.lines, end, "}"])


def _escaped(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)
