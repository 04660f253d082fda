"""`dataclass` as of `dataclasses`, for frozen classes with slots in a third of the time.

That one compiles six methods for each class, which took a third of a refresh with nothing new.
Here a class has its constructor and its list of values compiled at once; all else is shared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

TYPE_CHECKING = False
"""Type checkers take it for the one of `typing`, and this `dataclass` for the usual one."""

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(**options: bool) -> Callable[[type], type]:
        """The decorator; other classes than frozen ones with slots are left to `dataclasses`."""
        if options != {"frozen": True, "slots": True}:
            return dataclasses.dataclass(**options)

        def make(plain: type) -> type:
            made = dataclasses.dataclass(plain, init=False, repr=False, eq=False, slots=True)
            for name, method in _compiled(made, dataclasses.fields(made)).items():
                setattr(made, name, method)
            for method in (__eq__, __hash__, __repr__, __reduce__, __setattr__, __delattr__):
                setattr(made, method.__name__, method)
            return made

        return make

    def _compiled(made: type, fields: Sequence[dataclasses.Field[object]]) -> dict[str, object]:
        """The constructor, and a method that gives all values in order."""
        known = {f"set_{field.name}": getattr(made, field.name).__set__ for field in fields}
        parameters, lines = ["self"], []
        for field in fields:
            name, value = field.name, field.name
            if field.default_factory is not dataclasses.MISSING:
                known[f"make_{name}"], known["missing"] = field.default_factory, dataclasses.MISSING
                value = f"make_{name}() if {name} is missing else {name}"
                parameters.append(f"{name}=missing")
            elif field.default is not dataclasses.MISSING:
                known[f"default_{name}"] = field.default
                parameters.append(f"{name}=default_{name}")
            else:
                parameters.append(name)
            lines.append(f"set_{name}(self, {value})")
        init = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines)
        values = "".join(f"self.{field.name}," for field in fields)
        methods: dict[str, object] = {}
        exec(f"{init}\ndef _values(self): return ({values})", known, methods)
        return methods

    def __eq__(self: object, other: object) -> bool:
        return self._values() == other._values() if type(self) is type(other) else NotImplemented

    def __hash__(self: object) -> int:
        return hash(self._values())

    def __repr__(self: object) -> str:
        named = zip(self.__dataclass_fields__, self._values(), strict=True)
        return f"{type(self).__qualname__}({', '.join(f'{name}={one!r}' for name, one in named)})"

    def __reduce__(self: object) -> tuple[type, tuple[object, ...]]:
        return type(self), self._values()

    def __setattr__(self: object, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self: object, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
