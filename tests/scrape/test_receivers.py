"""What a call is made on, in the spelling of each language."""

from __future__ import annotations

import pytest

from verdigris.scrape.code.receivers import Receivers


@pytest.mark.parametrize(
    ("written", "receiver"),
    [
        ("", ""),
        ("return ", ""),
        ("f(", ""),
        ("self.engine.", "self.engine"),
        ("a.f(b.", "b"),
        ("tea::pot::", "tea.pot"),
        ("$this->", "this"),
        ("super().", "super"),
        ("super.", "super"),
        ("pots[0].lid.", "?.lid"),
        ("pot\n    .lid\n    .", "pot.lid"),
        ("pot?.lid!.", "pot.lid"),
        ("'text'.", "?"),
        ("Vec::<u8>::", "Vec"),
        ("tea::Pot::<u8, Vec<Cup>>::", "tea.Pot"),
        ("Pot<int>::", "Pot"),
        ("<Pot as Fill>::", "?"),
        ("[...", ""),
        ("0..", ""),
        ("été.", "été"),
        ("pot.\n    ", "pot"),
        ("// Boil it.\n    ", ""),
        ("pot  # Boil it.\n", ""),
        ("/*\n * Boil it.\n */\n", ""),
        ("/*\n * Boil it.\n", ""),
    ],
)
def test_the_names_before_a_call(written: str, receiver: str) -> None:
    receivers = Receivers(f"{written}boil()".encode())
    assert receivers.before(len(written.encode())) == receiver
