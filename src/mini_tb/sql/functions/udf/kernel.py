"""Functions over words of 32 and 64 bits, and over several side by side, written in Python and run
as machine code.

What a `Word` goes through is not computed but recorded, as WebAssembly text, when a kernel is
built: Python's own names, functions and loops then only shape the record. What depends on the data
is written with `when` and `repeat`. Numbers are unsigned and wrap around; a Python number takes the
width of the word it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest

from mini_tb.dataclass import dataclass

_BITWISE = ("and", "or", "xor")
_VECTOR = 128
"""The bits of a vector."""


def _type(bits: int, lanes: int = 1) -> str:
    return f"i{bits}" if lanes == 1 else "v128"


def _shape(bits: int, lanes: int) -> str:
    return f"i{bits}" if lanes == 1 else f"i{bits}x{_VECTOR // bits}"


def _shuffled(a: str, b: str, places: Iterable[int]) -> str:
    """A vector of those bytes of two."""
    return f"{a} {b} i8x16.shuffle {' '.join(map(str, places))}"


class Word:
    """A value that a function will have: of 32 or 64 bits, or several of those side by side, as
    `lanes`, with which the same is done.

    Lanes make up vectors of 128 bits. What is done with a word of several vectors is done with one
    after the other."""

    __slots__ = ("bits", "body", "lanes", "texts")

    def __init__(self, body: Body, texts: tuple[str, ...], bits: int, lanes: int = 1) -> None:
        self.body = body
        self.texts = texts
        self.bits = bits
        self.lanes = lanes

    @property
    def text(self) -> str:
        """What a word alone, or one of one vector, is got by."""
        (text,) = self.texts
        return text

    def _made(self, texts: Iterable[str]) -> Word:
        """A word of the same shape."""
        return self.body.values(texts, self.bits, self.lanes)

    def now(self) -> Word:
        """The value of this time, whatever a variable is given later."""
        return self._made(self.texts)

    def _with(self, other: Word | int, operation: str, *, swap: bool = False) -> Word:
        operands = [self.texts, self.body.lifted(other, self.bits, self.lanes).texts]
        if swap:
            operands.reverse()
        kind = (_type if operation in _BITWISE else _shape)(self.bits, self.lanes)
        return self._made(f"{a} {b} {kind}.{operation}" for a, b in zip(*operands, strict=True))

    def _shifted(self, by: Word | int, operation: str) -> Word:
        if self.lanes == 1:
            return self._with(by, operation)
        count, shape = self.body.lifted(by, 32).text, _shape(self.bits, self.lanes)
        return self._made(f"{text} {count} {shape}.{operation}" for text in self.texts)

    def _ordered(self, order: Sequence[int]) -> Word:
        """The bytes of each lane in another order."""
        size = len(order)
        places = [i - i % size + order[i % size] for i in range(16)]
        return self._made(_shuffled(text, text, places) for text in self.texts)

    def _woven(self, other: Word) -> Iterator[str]:
        """The lanes of both in turn."""
        size = self.bits // 8
        for a, b in zip(self.texts, other.texts, strict=True):
            for half in (range(0, 8, size), range(8, 16, size)):
                lanes = [lane for at in half for lane in (at, 16 + at)]
                yield _shuffled(a, b, [at for lane in lanes for at in range(lane, lane + size)])

    def _is(self, other: Word | int, operation: str) -> Word:
        right = self.body.lifted(other, self.bits).text
        return self.body.value(f"{self.text} {right} i{self.bits}.{operation}", 32)

    def __add__(self, other: Word | int) -> Word:
        return self._with(other, "add")

    def __sub__(self, other: Word | int) -> Word:
        return self._with(other, "sub")

    def __rsub__(self, other: int) -> Word:
        return self._with(other, "sub", swap=True)

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

    def without(self, other: Word) -> Word:
        """The bits that the other has not."""
        if self.lanes == 1:
            return self & ~other
        return self._made(
            f"{a} {b} v128.andnot" for a, b in zip(self.texts, other.texts, strict=True)
        )

    def __lshift__(self, by: Word | int) -> Word:
        return self._shifted(by, "shl")

    def __rshift__(self, by: Word | int) -> Word:
        return self._shifted(by, "shr_u")

    def __lt__(self, other: Word | int) -> Word:
        return self._is(other, "lt_u")

    def __le__(self, other: Word | int) -> Word:
        return self._is(other, "le_u")

    def __gt__(self, other: Word | int) -> Word:
        return self._is(other, "gt_u")

    def __ge__(self, other: Word | int) -> Word:
        return self._is(other, "ge_u")

    def below(self, other: Word | int) -> Word:
        """Whether it is less, both taken as signed."""
        return self._is(other, "lt_s")

    def __bool__(self) -> bool:
        raise TypeError("the value is not known yet: write `when` or `repeat`")

    def left(self, by: Word | int) -> Word:
        """The bits rotated to the left."""
        if self.lanes == 1:
            return self._with(by, "rotl")
        assert isinstance(by, int)
        if by % 8 == 0:
            size = self.bits // 8
            return self._ordered([(i - by // 8) % size for i in range(size)])
        return (self << by) | (self >> self.bits - by)

    def right(self, by: Word | int) -> Word:
        """The bits rotated to the right."""
        if self.lanes == 1:
            return self._with(by, "rotr")
        assert isinstance(by, int)
        return self.left(self.bits - by)

    def swapped(self) -> Word:
        """The bytes in the other order."""
        if self.lanes > 1:
            return self._ordered(range(self.bits // 8)[::-1])
        # In this form the compiler knows it, and takes one instruction.
        last, half = self.bits - 8, range(0, self.bits // 2, 8)
        up = [(self & 0xFF << at if at else self) << last - 2 * at for at in half]
        down = [self >> last - 2 * at & 0xFF << at if at else self >> last for at in half[::-1]]
        parts = up + down
        while len(parts) > 1:
            parts = [a | b for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    def remainder(self, by: int) -> Word:
        """What is left of a division."""
        return self._with(by, "rem_u")

    def over(self, other: Word) -> Word:
        """The quotient of two numbers of 64 bits as a float; see `times`."""
        floats = (f"{word.text} f64.convert_i64_u" for word in (self, other))
        return self.body.value(f"{' '.join(floats)} f64.div i64.reinterpret_f64", 64)

    def times(self, quotient: Word) -> Word:
        """The whole part of a number times a quotient, in the arithmetic of floats."""
        operands = f"{self.text} f64.convert_i64_s {quotient.text} f64.reinterpret_i64"
        return self.body.value(f"{operands} f64.mul i64.trunc_sat_f64_s", 64)

    def long(self) -> Word:
        """The same number in 64 bits."""
        return self.body.value(f"{self.text} i64.extend_i32_u", 64)

    def short(self) -> Word:
        """The low 32 bits."""
        return self.body.value(f"{self.text} i32.wrap_i64", 32)

    def halves(self) -> tuple[Word, Word]:
        """The low and the high 32 bits; of lanes if they are a multiple of four."""
        if self.lanes == 1:
            return self.short(), (self >> 32).short()
        pairs = list(zip(self.texts[::2], self.texts[1::2], strict=True))
        low, high = (
            [_shuffled(a, b, [8 * lane + at for lane in range(4) for at in half]) for a, b in pairs]
            for half in (range(4), range(4, 8))
        )
        return self.body.values(low, 32, self.lanes), self.body.values(high, 32, self.lanes)

    def joined(self, high: Word) -> Word:
        """The words of 64 bits of which these of 32 are the low ones."""
        if self.lanes == 1:
            return self.long() | (high.long() << 32)
        return self.body.values(self._woven(high), 64, self.lanes)

    def followed(self, other: Word) -> Word:
        """The words of both in turn, side by side."""
        if self.lanes == 1:
            return self.body.beside((self, other))
        return self.body.values(self._woven(other), self.bits, 2 * self.lanes)

    def lane(self, index: int) -> Word:
        """One of the words side by side."""
        if self.lanes == 1:
            return self
        vector, place = divmod(index, _VECTOR // self.bits)
        shape = _shape(self.bits, self.lanes)
        return self.body.value(f"{self.texts[vector]} {shape}.extract_lane {place}", self.bits)

    def signed_byte(self) -> Word:
        """The number of 32 bits whose low byte this is, as a signed one."""
        return self.body.value(f"{self.text} i32.extend8_s", 32)

    def word(self, offset: int = 0) -> Word:
        """The eight bytes that lie at this address."""
        return self.body.value(f"{self.text} i64.load offset={offset}", 64)

    def half(self, offset: int = 0) -> Word:
        """The four bytes that lie at this address."""
        return self.body.value(f"{self.text} i32.load offset={offset}", 32)

    def like(self, other: Word, offset: int = 0) -> Word:
        """What lies at this address, in the shape of another word."""
        kind = _type(other.bits, other.lanes)
        places = (offset + 16 * i for i in range(len(other.texts)))
        return other._made(f"{self.text} {kind}.load offset={place}" for place in places)

    def pair(self, offset: int = 0) -> Word:
        """The two bytes that lie at this address."""
        return self.body.value(f"{self.text} i32.load16_u offset={offset}", 32)

    def byte(self, offset: int = 0) -> Word:
        """The byte that lies at this address."""
        return self.body.value(f"{self.text} i32.load8_u offset={offset}", 32)

    def put(self, word: Word, offset: int = 0) -> None:
        """Lay a word down at this address."""
        kind = _type(word.bits, word.lanes)
        for i, text in enumerate(word.texts):
            self.body.lines.append(f"{self.text} {text} {kind}.store offset={offset + 16 * i}")

    def put_byte(self, word: Word, offset: int = 0) -> None:
        """Lay the low byte of a word down at this address."""
        self.body.lines.append(f"{self.text} {word.text} i{word.bits}.store8 offset={offset}")


class Variable(Word):
    """A word that can be given another value; each use has the value of its time."""

    __slots__ = ()

    def set(self, value: Word | int) -> None:
        """Give another value."""
        given = self.body.lifted(value, self.bits, self.lanes)
        for text, own in zip(given.texts, self.texts, strict=True):
            self.body.lines.append(f"{text} {own.replace('get', 'set', 1)}")


class Body:
    """The record of one function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.locals: list[str] = []
        self.called: list[Function] = []
        self.interleaved = False
        """Whether there is something in it that is done abreast."""

    def lifted(self, value: Word | int, bits: int, lanes: int = 1) -> Word:
        """A word, or a number as one, in each lane."""
        if isinstance(value, Word):
            shapes = (value.bits, value.lanes), (bits, lanes)
            if shapes[0] != shapes[1]:
                found, wanted = (f"i{bits}" + f"x{n}" * (n > 1) for bits, n in shapes)
                raise TypeError(f"a word of the shape {found} where one of {wanted} belongs")
            return value
        number = f" {value & ((1 << bits) - 1)}"
        if lanes == 1:
            return Word(self, (f"i{bits}.const{number}",), bits)
        each = _VECTOR // bits
        vector = f"v128.const {_shape(bits, lanes)}{number * each}"
        return Word(self, (vector,) * (lanes // each), bits, lanes)

    def value(self, text: str, bits: int) -> Word:
        """A word that is computed now."""
        return self.values((text,), bits)

    def values(self, texts: Iterable[str], bits: int, lanes: int = 1) -> Word:
        """A word, or the vectors of lanes, that are computed now."""
        places = []
        for text in texts:
            places.append(f"local.get {len(self.locals)}")
            self.lines.append(f"{text} local.set {len(self.locals)}")
            self.locals.append(_type(bits, lanes))
        return Word(self, tuple(places), bits, lanes)

    def number(self, value: int, bits: int = 64, lanes: int = 1) -> Word:
        """A number as a word, in each lane."""
        return self.lifted(value, bits, lanes)

    def beside(self, words: Sequence[Word]) -> Word:
        """Words that make up vectors, side by side; a word alone is itself."""
        if len(words) == 1:
            return words[0]
        bits = words[0].bits
        each, shape = _VECTOR // bits, _shape(bits, len(words))

        def vector(first: Word, *others: Word) -> str:
            rest = (f"{word.text} {shape}.replace_lane {i + 1}" for i, word in enumerate(others))
            return f"{first.text} {shape}.splat {' '.join(rest)}"

        vectors = (vector(*words[i : i + each]) for i in range(0, len(words), each))
        return self.values(vectors, bits, len(words))

    def variable(self, value: Word | int, bits: int = 64) -> Variable:
        """A variable with its first value."""
        first = value if isinstance(value, Word) else self.number(value, bits)
        word = self.values(first.texts, first.bits, first.lanes)
        return Variable(self, word.texts, word.bits, word.lanes)

    @contextmanager
    def when(self, condition: Word) -> Iterator[None]:
        """What is done if a comparison holds."""
        self.lines.append(f"{condition.text} if")
        yield
        self.lines.append("end")

    @contextmanager
    def repeat(self, condition: Callable[[], Word]) -> Iterator[None]:
        """What is done as long as a comparison holds."""
        self.lines.append("block loop")
        self.lines.append(f"{condition().text} i32.eqz br_if 1")
        yield
        self.lines.append("br 0 end end")

    def abreast(self, parts: Iterable[Callable[[], None]]) -> None:
        """Do what knows nothing of each other, an operation of each in turn: the processor need not
        wait for a result of one while it has another to go on with. Nothing in it may depend on
        the data."""
        before, records = self.lines, []
        for part in parts:
            self.lines = []
            part()
            records.append(self.lines)
        self.lines = before
        for turn in zip_longest(*records, fillvalue=""):
            if any(line.endswith("end") for line in turn):
                raise TypeError("what is done abreast has no `when` and no `repeat`")
            self.lines.extend(turn)
        self.interleaved = True

    def give(self, value: Word) -> None:
        """Return a value."""
        self.lines.append(f"{value.text} return")

    def fail(self) -> None:
        """End the kernel with an error."""
        self.lines.append("unreachable")

    def call(self, function: Function, *words: Word) -> Word:
        """The value of another function."""
        self.called.append(function)
        text = " ".join(word.text for word in words)
        return self.value(f"{text} call ${function.name}", function.result)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of its own: called, not copied to where it is used. Its last word, or what it
    gives before, is its value."""

    name: str
    parameters: tuple[int, ...]
    result: int
    build: Callable[..., Word]

    def record(self) -> tuple[str, list[Function]]:
        """Its text, and what it calls."""
        body = Body()
        body.locals.extend(map(_type, self.parameters))
        words = [Word(body, (f"local.get {i}",), bits) for i, bits in enumerate(self.parameters)]
        last = self.build(*words)
        parameters = " ".join(map(_type, self.parameters))
        header = f"(func ${self.name} (param {parameters}) (result i{self.result})"
        return _written(header, body, len(self.parameters), last.text), body.called


def _written(header: str, body: Body, parameters: int, end: str = "") -> str:
    declared = f"(local {' '.join(body.locals[parameters:])})"
    return "\n".join([header, declared, *body.lines, f"{end})"])


def _escaped(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


def module(run: Body, tables: dict[int, bytes]) -> str:
    """The text of a module that does `run` when told to, with tables at places of its memory."""
    texts, wanted, known = [], list(run.called), set[str]()
    while wanted:
        function = wanted.pop()
        if function.name not in known:
            known.add(function.name)
            text, called = function.record()
            texts.append(text)
            wanted += called
    data = (f'(data (i32.const {at}) "{_escaped(table)}")' for at, table in tables.items())
    main = _written('(func (export "run")', run, 0)
    return "\n".join(["(module", '(memory (export "memory") 1)', *data, *texts, main, ")"])
