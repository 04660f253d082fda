"""Our frozen dataclasses behave as those of `dataclasses` do."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from dataclasses import dataclass as of_dataclasses

import msgspec
import pytest

from verdigris.frozen_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A pot."""

    name: str
    size: int = 2
    lids: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        return f"{self.name} of {self.size}"


@of_dataclasses(frozen=True, slots=True)
class Theirs:
    """A pot."""

    name: str
    size: int = 2
    lids: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        return f"{self.name} of {self.size}"


@dataclass(frozen=True, slots=True)
class Lid:
    """One field only."""

    shape: str


@pytest.mark.parametrize("pot", [Ours, Theirs])
def test_both_are_made_compared_shown_and_copied_alike(pot: type[Ours]) -> None:
    one = pot("kettle", size=3)
    assert (one.name, one.size, one.lids, one.told) == ("kettle", 3, [], "kettle of 3")
    assert repr(one) == f"{pot.__name__}(name='kettle', size=3, lids=[])"
    assert one == pot("kettle", 3) != pot("kettle")
    other: object = ("kettle", 3, [])
    assert one != other
    assert one.lids is not pot("kettle").lids
    assert is_dataclass(one) and [each.name for each in fields(one)] == ["name", "size", "lids"]
    assert replace(one, size=4) == pot("kettle", 4)
    assert asdict(one) == {"name": "kettle", "size": 3, "lids": []}
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    encoded = msgspec.json.encode(one)
    assert encoded == b'{"name":"kettle","size":3,"lids":[]}'
    assert msgspec.json.decode(encoded, type=pot) == one
    assert (pot.__doc__, pot.__match_args__) == ("A pot.", ("name", "size", "lids"))
    assert not hasattr(one, "__dict__")


@pytest.mark.parametrize("pot", [Ours, Theirs])
def test_both_refuse_the_same(pot: type[Ours]) -> None:
    one = pot("kettle")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'size'"):
        setattr(one, "size", 3)  # noqa: B010 - what type checkers refuse
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'size'"):
        delattr(one, "size")
    make: Callable[..., object] = pot
    for given in ({}, {"name": "kettle", "spout": 1}):
        with pytest.raises(TypeError, match="__init__"):
            make(**given)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_equal_ones_have_the_same_hash_also_with_one_field() -> None:
    assert hash(Lid("round")) == hash(Lid("round"))
    assert len({Lid("round"), Lid("round"), Lid("flat")}) == 2
