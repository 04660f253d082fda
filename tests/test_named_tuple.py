"""Our NamedTuple behaves as that of `typing` does."""

from __future__ import annotations

import pickle
from typing import NamedTuple as OfTyping

import pytest

from verdigris.named_tuple import NamedTuple


class Ours(NamedTuple):
    """A point."""

    x: int
    y: int | None = None
    """Said of a field."""
    names: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        return f"{self.x} {self.y}"


class Theirs(OfTyping):
    """A point."""

    x: int
    y: int | None = None
    names: tuple[str, ...] = ()


def test_fields_defaults_and_docstring_are_the_same() -> None:
    assert Ours._fields == Theirs._fields
    assert Ours._field_defaults == Theirs._field_defaults
    assert Ours.__doc__ == Theirs.__doc__
    assert Ours.__module__ == Theirs.__module__


def test_a_value_is_a_tuple_with_names_and_methods() -> None:
    made = Ours(1, y=2)
    assert tuple(made) == (1, 2, ())
    assert made.told == "1 2"
    assert made._asdict() == {"x": 1, "y": 2, "names": ()}
    assert repr(made) == "Ours(x=1, y=2, names=())"
    assert pickle.loads(pickle.dumps(made)) == made
    assert type(made._replace(x=3)) is Ours


def test_a_value_refuses_change_and_missing_fields() -> None:
    with pytest.raises(AttributeError):
        Ours(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Ours(1).z = 2  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="Ours takes x, y, names"):
        Ours()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Ours(1, x=2)  # type: ignore[misc]
    with pytest.raises(TypeError):
        Ours(1, None, (), 4)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Ours(1)._replace(z=2)  # type: ignore[call-arg]
