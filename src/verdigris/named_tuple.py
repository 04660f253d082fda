"""`NamedTuple` as of `typing`, which takes a session command as long to import as all its work.

Also spared is the first `compile`, by which `typing` checks annotations that are texts.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
"""Type checkers take it for the one of `typing`."""

if TYPE_CHECKING:
    from typing import Any
    from typing import NamedTuple as NamedTuple
else:

    class _Annotated(type):
        """Makes a class with annotated fields a named tuple of them, with its own methods."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            base = namedtuple(name, fields, defaults=defaults)
            return type(name, (base,), {"__slots__": (), **body})

    NamedTuple = type.__new__(_Annotated, "NamedTuple", (), {})
