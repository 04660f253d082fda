"""Ruby's bare names: variables where they are bound before, calls elsewhere."""

from __future__ import annotations

import pytest
from tests.scrape.code.test_code import calls_of, file_details, read, symbols


def calls(text: str) -> list[str]:
    """Return the names of all calls of a file, sorted."""
    events = read("a.rb", text)
    found = [*file_details(events).calls]
    for symbol in symbols(events).values():
        found += symbol.calls
    return sorted(call.name for call in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steep", "steep"),
        ("leaf.age", "age leaf"),
        ("cups[lid] += spoon", "cups lid spoon"),
        ('"of #{kind}"', "kind"),
        ("pour if full", "full pour"),
        ("alias brew boil", ""),
        ("undef brew", ""),
        ("def brew=(cup)\nend", ""),
        ("[__FILE__, __LINE__]", ""),
        ("cups.map { _1 + _2 }", "cups map"),
    ],
)
def test_what_nothing_binds_is_called(text: str, expected: str) -> None:
    assert calls(text) == expected.split()


@pytest.mark.parametrize(
    "binding",
    [
        "tea = 1",
        "tea ||= 1",
        "tea, cup = 1, 2",
        "cup, (lid, tea) = 1, 2",
        "cup, *tea = 1, 2",
        "begin\nrescue => tea\nend",
        "for tea in [1] do end",
        "for cup, tea in [1] do end",
        "case 1\nin tea then 2\nend",
        "case 1\nin [1, tea] then 2\nend",
        "case 1\nin [1, *tea] then 2\nend",
        "case 1\nin [*, tea, *] then 2\nend",
        "case 1\nin {tea:} then 2\nend",
        "case 1\nin {cup: tea} then 2\nend",
        "case 1\nin {cup: 1, **tea} then 2\nend",
        "case 1\nin Integer => tea then 2\nend",
        "1 => tea",
        "1 in tea",
        "/(?<tea>.)/ =~ '1'",
        "tea = 1 if false",
    ],
)
def test_a_name_is_a_variable_after_it_is_bound(binding: str) -> None:
    assert calls(f"tea\n{binding}\ntea\n") == ["tea"]


@pytest.mark.parametrize(
    "parameters",
    [
        "tea",
        "cup, tea",
        "tea = 1",
        "tea:",
        "tea: 1",
        "*tea",
        "**tea",
        "&tea",
        "(cup, tea)",
    ],
)
@pytest.mark.parametrize(
    ("before", "after", "around"),
    [("def f(", "); tea; end", ""), ("cups { |", "| tea }", "cups"), ("->(", ") { tea }", "")],
)
def test_a_parameter_is_a_variable_inside(
    parameters: str, before: str, after: str, around: str
) -> None:
    assert calls(f"{before}{parameters}{after}\ntea\n") == [*around.split(), "tea"]


def test_a_default_value_is_called() -> None:
    assert calls_of(read("a.rb", "def f(cup, tea = kind, lid: cup)\n  1\nend\n"), "f") == ["kind"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tea = 1\ncups { tea }\n", "cups"),
        ("tea = 1\ncups { cups { |lid| tea } }\n", "cups cups"),
        ("cups { tea = 1 }\ntea\n", "cups tea"),
        ("tea = 1\ncups { |tea| tea }\ntea\n", "cups"),
        ("cups { |lid; tea| tea }\ntea\n", "cups tea"),
        ("tea = 1\ncups { tea = 2 }\ntea\n", "cups"),
        ("tea = Pot\nclass << tea\nend\n", ""),
        ("tea = Pot\ndef tea.fill\nend\n", ""),
        ("tea = 1\nclass << self\n  tea\nend\n", "tea"),
        ("tea = 1\ncase 1\nin ^tea then 2\nend\n", ""),
        ("/(?<tea>.)/.match('1')\ntea\n", "match tea"),
        ("/(?<tea>#{1})/ =~ '1'\ntea\n", "tea"),
    ],
)
def test_blocks_see_what_is_around_them(text: str, expected: str) -> None:
    assert list(dict.fromkeys(calls(text))) == list(dict.fromkeys(expected.split()))


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("tea = 1\ndef f\n  tea\nend\n", "f"),
        ("tea = 1\ndef self.f\n  tea\nend\n", "f"),
        ("tea = 1\nclass F\n  tea\nend\n", "F"),
        ("tea = 1\nmodule F\n  tea\nend\n", "F"),
    ],
)
def test_methods_classes_and_modules_begin_without_variables(text: str, symbol: str) -> None:
    assert calls_of(read("a.rb", text), symbol) == ["tea"]


def test_what_an_attribute_defines_is_called_on_self() -> None:
    text = "class Pot\n  attr_reader :size, :lid\n  def f\n    [lid, kind]\n  end\nend\n"
    found = symbols(read("a.rb", text))["Pot::f"].calls
    assert [(call.name, call.receiver) for call in found] == [("lid", "self"), ("kind", "")]
