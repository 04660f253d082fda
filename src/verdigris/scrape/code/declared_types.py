"""Which type a receiver has by declaration: a variable, parameter or field of the same file."""

from __future__ import annotations

import re
from collections import defaultdict

from verdigris.scrape.code.symbols import NO_OWNER, SymbolTable
from verdigris.scrape.code.syntax import Variable

_NAME = re.compile(r"\??((?:\w+(?:\.|::|\\))*\w+|(?:\\\w+)+)\s*(?:<.*>)?[?!]?", re.DOTALL)
_JOINT = re.compile(r"\.|::|\\")
_POINTER = re.compile(r"(?:std::)?(?:unique|shared|weak)_ptr<\s*(?:const\s+)?(.*)>", re.DOTALL)
_INFERRED = frozenset({"auto", "var", "let"})
_OBJECT = ("this.", "self.")


class DeclaredTypes:
    """The types that the variables of a file are declared to have."""

    def __init__(self, variables: tuple[Variable, ...], table: SymbolTable, separator: str) -> None:
        self._table = table
        self._separator = separator
        self._declared: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for one in variables:
            owner = self._owner(one.row)
            place = owner.rpartition(separator)[0] if one.is_field else owner
            self._declared[place, one.name].append((one.row, _type_name(one.type_name)))
        self._names = {name for _, name in self._declared}

    def of(self, receiver: str, row: int) -> str:
        """Return the type of what a call in a row is made on, '' where it is not known.

        A variable of the function that calls, as declared last above the call; else a field.
        """
        name = receiver[5:] if receiver.startswith(_OBJECT) else receiver
        if name not in self._names:
            return ""
        around = self._owner(row)
        if name != receiver:
            around = around.rpartition(self._separator)[0]
        while True:
            if declared := self._declared.get((around, name)):
                return max((one for one in declared if one[0] <= row), default=declared[0])[1]
            if not around:
                return ""
            around = around.rpartition(self._separator)[0]

    def _owner(self, row: int) -> str:
        """The qualified name of the symbol that a row belongs to."""
        index = self._table.owners[row]
        return "" if index == NO_OWNER else self._table.symbols[index].name


def _type_name(spelled: str) -> str:
    """`tea.Kettle` of `org.tea.Kettle<Water>?`, `Kettle` of `std::unique_ptr<Kettle>`.

    The last two names; '' of what has none: a function, a union, an inferred type.
    """
    pointer = _POINTER.fullmatch(spelled)
    found = _NAME.fullmatch(pointer[1] if pointer else spelled)
    if not found or found[1] in _INFERRED:
        return ""
    return ".".join(_JOINT.split(found[1])[-2:]).lstrip(".")
