"""`NamedTuple` as of `typing`, which takes a session command as long to import as all its work.

Nor is a constructor compiled for each class, as `collections` does: all share one.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
"""Type checkers take it for the one of `typing`."""

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class _Named(tuple):
        """A tuple whose entries have the names in `_fields`."""

        __slots__ = ()

        def __new__(cls, *values: object, **named: object) -> _Named:
            if named or len(values) != len(cls._fields):
                values = cls._completed(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _completed(cls, values: tuple[object, ...], named: dict[str, object]) -> list[object]:
            rest = cls._fields[len(values) :]
            given = cls._field_defaults | named
            unknown = len(values) > len(cls._fields) or not named.keys() <= {*rest}
            if unknown or not given.keys() >= {*rest}:
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
            return [*values, *map(given.__getitem__, rest)]

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            told = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({told})"

        def _asdict(self) -> dict[str, object]:
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named: object) -> _Named:
            return type(self)(**self._asdict() | named)

    class _Annotated(type):
        """Makes a class with annotated fields a named tuple of them, with its own methods."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            getters = {field: property(itemgetter(at)) for at, field in enumerate(fields)}
            made = {"__slots__": (), "_fields": fields, "_field_defaults": defaults}
            return type(name, (_Named,), made | getters | body)

    NamedTuple = type.__new__(_Annotated, "NamedTuple", (), {})
