"""Bytecode read as bytes: which Python wrote it, which names it loads, what it imports.

No code object is ever built: this file has tables of opcode numbers for each Python instead.

Source: CPython, `Lib/opcode.py` (3.6 to 3.12), `Include/opcode_ids.h` (3.13, 3.14),
`Objects/exception_handling_notes.txt` (exception table), `Objects/lnotab_notes.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

__all__ = ["Code", "Scan", "python_of", "scan"]

Version = tuple[int, int]

_CATCHES_IMPORT: Final = frozenset(
    ("ImportError", "ModuleNotFoundError", "Exception", "BaseException", "suppress")
)
_HANDLER_REACH: Final = 16  # instructions of a handler in which its exception is named


@dataclass(frozen=True)
class Code:
    """The fields of a code object that matter here, as plain values."""

    code: bytes
    constants: tuple[object, ...]
    names: tuple[str, ...]
    name: str
    filename: str
    line: int
    lines: bytes
    exceptions: bytes
    arguments: int
    by_dill_lnotab: bool
    nested: tuple[int, ...]


@dataclass(frozen=True)
class Scan:
    """What was found in a code object and in code nested in it."""

    name: str = ""
    filename: str = ""
    line: int = 0
    python: str | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    stored: frozenset[str] = field(default_factory=frozenset)
    imports: frozenset[str] = field(default_factory=frozenset)
    conditional: frozenset[str] = field(default_factory=frozenset)

    def with_nested(self, other: Scan) -> Scan:
        """Add what a nested code object needs; a name that one of both needs is needed."""
        required = (self.imports - self.conditional) | (other.imports - other.conditional)
        return replace(
            self,
            python=self.python or other.python,
            names=self.names | other.names,
            stored=self.stored | other.stored,
            imports=self.imports | other.imports,
            conditional=(self.conditional | other.conditional) - required,
        )

    def headed_by(self, first: Scan) -> Scan:
        """Copy name, file and line from the outermost code object."""
        return replace(self, name=first.name, filename=first.filename, line=first.line)


@dataclass(frozen=True)
class _Numbers:
    """Opcode numbers of one Python; `caches` are inline entries after an instruction."""

    extended: int = 144
    import_name: int = 108
    load_const: int = 100
    load_global: int = 116
    load_name: int = 101
    load_attribute: tuple[int, ...] = (106, 160)
    store: tuple[int, ...] = (97, 90)  # STORE_GLOBAL, and STORE_NAME of class bodies
    small_int: int = -1
    pop_top: int = 1
    push_exception: int = -1
    with_handler: tuple[int, ...] = (49,)
    matches: tuple[int, ...] = (121,)
    ends: tuple[int, ...] = (119,)
    setups: tuple[int, ...] = (121, 122, 143)
    resume: int = -1
    method_bit: bool = False  # LOAD_ATTR's lowest bit says that a method is called (3.12)
    caches: Mapping[int, int] = field(default_factory=dict)


_FROM_3_11: Final = _Numbers(push_exception=35, matches=(36,), setups=(), resume=151)
_NUMBERS: Final[Mapping[Version, _Numbers]] = {
    (3, 6): _Numbers(with_handler=(81,), matches=(), ends=(88,)),
    (3, 7): _Numbers(with_handler=(81,), matches=(), ends=(88,)),
    (3, 8): _Numbers(with_handler=(81,), matches=(), ends=(88,), setups=(122, 143)),
    (3, 9): _Numbers(ends=(48,), setups=(122, 143)),
    (3, 10): _Numbers(setups=(122, 143)),
    (3, 11): replace(
        _FROM_3_11,
        caches={25: 4, 60: 1, 92: 1, 95: 4, 106: 4, 107: 2, 116: 5, 122: 1, 160: 10}
        | {166: 1, 171: 4},
    ),
    (3, 12): replace(
        _FROM_3_11,
        method_bit=True,
        caches={25: 1, 60: 1, 92: 1, 93: 1, 95: 4, 106: 9, 107: 1, 116: 4, 122: 1, 123: 1}
        | {141: 1, 171: 3},
    ),
    (3, 13): _Numbers(
        extended=71,
        import_name=75,
        load_const=83,
        load_global=91,
        load_name=92,
        load_attribute=(82,),
        method_bit=True,
        store=(113, 114),
        pop_top=32,
        push_exception=33,
        with_handler=(44,),
        matches=(7,),
        ends=(102,),
        setups=(),
        resume=149,
        caches={91: 4, 45: 1, 117: 1, 58: 1, 59: 1, 5: 1, 72: 1, 93: 1, 82: 9, 108: 4, 53: 3}
        | {39: 1, 104: 1, 77: 1, 40: 3, 100: 1, 97: 1, 98: 1, 99: 1},
    ),
    (3, 14): _Numbers(
        extended=69,
        import_name=73,
        load_const=82,
        load_global=92,
        load_name=93,
        load_attribute=(80,),
        method_bit=True,
        store=(115, 116),
        small_int=94,
        pop_top=31,
        push_exception=32,
        with_handler=(43,),
        matches=(6,),
        ends=(105,),
        setups=(),
        resume=128,
    ),
}
_BY_ARGUMENTS: Final[Mapping[int, tuple[Version, ...]]] = {
    15: ((3, 7), (3, 6)),
    16: ((3, 8), (3, 9)),
    18: ((3, 11), (3, 12), (3, 13), (3, 14)),
}
# Instructions that only one of 3.8 and 3.9 has (`Lib/opcode.py` of both).
_ONLY_3_8: Final = frozenset((53, 81, 88, 149, 150, 151, 152, 153, 154, 158))
_ONLY_3_9: Final = frozenset((48, 49, 74, 117, 118, 121, 164, 165))
_LAST_COMPARISON_3_9: Final = 5  # `in`, `is` and exception matching became instructions
_EXCEPTION_MATCH: Final = 10  # COMPARE_OP's argument up to 3.8
_COMPARE: Final = 107
_FAR: Final = 3  # a literal this far from the function's name is not its argument

Instruction = tuple[int, int, int]


def python_of(code: Code, hint: Version | None = None) -> Version | None:
    """Return the Python that compiled a code object, if its bytes show it.

    Args:
        code: the code object's fields.
        hint: the Python that is known to have dumped it; returned where the bytes allow it.
    """
    possible = _candidates(code)
    if hint in possible:
        return hint
    return possible[0] if len(possible) == 1 else None


def scan(code: Code, python: Version | None) -> Scan:
    """Return names and imports of one code object, without nested ones."""
    possible = (python,) if python else _candidates(code)
    text = f"{python[0]}.{python[1]}" if python else None
    found = Scan(code.name, code.filename, code.line, text)
    numbers = _NUMBERS.get(possible[0]) if possible else None
    if numbers is None:
        return found
    steps = list(_walk(code.code, numbers))
    wide = bool(numbers.resume >= 0)
    loads = {
        argument >> (wide and number == numbers.load_global)
        for _, number, argument in steps
        if number in (numbers.load_global, numbers.load_name)
    }
    stores = {argument for _, number, argument in steps if number in numbers.store}
    imports = list(_imports(code, steps, numbers))
    guarded = _guarded(code, steps, numbers, half=possible[0] >= (3, 10))
    always = {name for at, name in imports if not any(a <= at < b for a, b in guarded)}
    names = frozenset(name for _, name in imports)
    return replace(
        found,
        names=frozenset(_pick(code.names, loads)),
        stored=frozenset(_pick(code.names, stores)),
        imports=names,
        conditional=names - always,
    )


def _pick(names: Sequence[str], indexes: set[int]) -> Iterator[str]:
    return (names[index] for index in indexes if index < len(names))


def _walk(code: bytes, numbers: _Numbers) -> Iterator[Instruction]:
    """Yield offset, opcode and argument of every two-byte unit; caches are instructions of 0."""
    extended = 0
    for at in range(0, len(code) - 1, 2):
        argument = code[at + 1] | extended
        extended = (argument << 8) & 0xFFFFFFFF if code[at] == numbers.extended else 0
        if code[at] not in (0, numbers.extended):
            yield at, code[at], argument


def _candidates(code: Code) -> tuple[Version, ...]:
    possible = _BY_ARGUMENTS.get(code.arguments, ())
    if possible == ((3, 8), (3, 9)):
        # From 3.10 on the line table covers all bytecode; before, it ended at the last line.
        if code.by_dill_lnotab or (code.code and sum(code.lines[::2]) == len(code.code)):
            return ((3, 10),)
        return _older(code)
    if code.arguments == 18:  # noqa: PLR2004 - the constructor of 3.11 and later
        return tuple(version for version in possible if _fits(code.code, _NUMBERS[version]))
    return possible


def _older(code: Code) -> tuple[Version, ...]:
    steps = list(_walk(code.code, _NUMBERS[3, 8]))
    used = {number for _, number, _ in steps}
    compares = any(n == _COMPARE and a > _LAST_COMPARISON_3_9 for _, n, a in steps)
    if compares or used & _ONLY_3_8:
        return ((3, 8),)
    return ((3, 9),) if used & _ONLY_3_9 else ((3, 8), (3, 9))


def _fits(code: bytes, numbers: _Numbers) -> bool:
    """Return whether bytecode can be of a Python: its caches are empty where they must be."""
    at, resumed = 0, False
    while at < len(code) - 1:
        number = code[at]
        if number == 0:
            return False
        resumed = resumed or number == numbers.resume
        if numbers.caches:
            end = at + 2 + 2 * numbers.caches.get(number, 0)
            if any(code[at + 2 : end]):
                return False
            at = end
        else:
            at += 2
            while at < len(code) and code[at] == 0:
                at += 2
    return resumed


def _imports(
    code: Code, steps: Sequence[Instruction], numbers: _Numbers
) -> Iterator[tuple[int, str]]:
    """Yield offsets and names of import statements and of import functions with a literal name."""
    values: list[object] = []
    called = -_FAR
    for index, (at, number, argument) in enumerate(steps):
        if number == numbers.load_const and argument < len(code.constants):
            values.append(code.constants[argument])
            name = values[-1]
            if index - called < _FAR and isinstance(name, str) and name:
                yield at, name
                called = -_FAR
        elif number == numbers.small_int:
            values.append(argument)
        elif number == numbers.import_name and argument < len(code.names):
            level = values[-2] if len(values) > 1 else 0
            dots = "." * level if isinstance(level, int) and 0 < level < 20 else ""  # noqa: PLR2004
            yield at, dots + code.names[argument]
        elif _is_import_function(code, number, argument, numbers):
            called = index


def _is_import_function(code: Code, number: int, argument: int, numbers: _Numbers) -> bool:
    if number == numbers.load_global:
        argument >>= numbers.resume >= 0
    elif number in numbers.load_attribute:
        argument >>= numbers.method_bit
    else:
        return False
    return argument < len(code.names) and code.names[argument] in ("import_module", "__import__")


def _guarded(
    code: Code, steps: Sequence[Instruction], numbers: _Numbers, *, half: bool
) -> list[tuple[int, int]]:
    """Return the byte ranges in which a failing import is caught, handlers included."""
    ranges: list[tuple[int, int]] = []
    if numbers.resume >= 0:
        tries = list(_exception_table(code.exceptions))
    else:
        unit = 2 if half else 1
        tries = [
            (at, at + 2 + argument * unit, at + 2 + argument * unit)
            for at, number, argument in steps
            if number in numbers.setups
        ]
    places = {at: index for index, (at, _, _) in enumerate(steps)}
    for start, end, target in tries:
        if target in places and _catches(code, steps[places[target] :], numbers):
            last = (at for at, number, _ in steps if at > target and number in numbers.ends)
            ranges += [(start, end), (target, next(last, target))]
    return ranges


def _catches(code: Code, handler: Sequence[Instruction], numbers: _Numbers) -> bool:
    """Return whether an exception handler catches ImportError."""
    named: set[str] = set()
    begins = 0
    for index, (_, number, argument) in enumerate(handler[:_HANDLER_REACH]):
        if number == numbers.push_exception:
            begins = index + 1
        elif number == numbers.pop_top and index == begins:
            return True
        elif number in (numbers.load_global, numbers.load_name):
            shift = int(numbers.resume >= 0 and number == numbers.load_global)
            named.update(_pick(code.names, {argument >> shift}))
        elif number in numbers.with_handler:
            return "suppress" in code.names and bool(
                _CATCHES_IMPORT & set(code.names) - {"suppress"}
            )
        elif number in numbers.matches or (number, argument) == (_COMPARE, _EXCEPTION_MATCH):
            if named & _CATCHES_IMPORT:
                return True
        elif number in numbers.ends:
            break
    return False


def _exception_table(table: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the start, end and handler of each entry, in bytes."""
    numbers: list[int] = []
    current = 0
    for byte in table:
        # Six bits a byte; bit 6 says that more follow (bit 7 marks the start of an entry).
        current = current << 6 | byte & 0x3F
        if not byte & 0x40:
            numbers.append(current)
            current = 0
    for start, length, target, _ in zip(*[iter(numbers)] * 4, strict=False):
        yield start * 2, (start + length) * 2, target * 2
