"""What is read of C, C++ and C# where macros and conditions stand inside statements."""

from __future__ import annotations

import pytest
from tests.scrape.code.test_code import (
    assert_covers,
    calls_of,
    file_details,
    imports,
    kinds,
    read,
    symbols,
)

BROKEN = "int size GUARDED_BY(lid);\n"
"""The grammar knows no word in this place."""


def test_a_test_of_googletest_calls_its_macro() -> None:
    events = read("pot_test.cc", "TEST_F(PotTest, Boils) {\n  Fill();\n}\n")
    assert sorted(calls_of(events, "PotTest.Boils")) == ["Fill", "TEST_F"]


def test_a_constructor_calls_no_macro() -> None:
    events = read("pot.cc", "class POT {\n  POT(Lid) {}\n};\nPOT::POT(int) {}\n")
    assert file_details(events).calls == ()
    assert calls_of(events, "POT") == calls_of(events, "POT::POT") == []


def test_casts_are_no_calls() -> None:
    text = "int f() {\n  return static_cast<int>(boil<Tea>(const_cast<Pot*>(pot)));\n}\n"
    assert calls_of(read("pot.cc", text), "f") == ["boil"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BROKEN, [("GUARDED_BY", 1)]),
        ("int f() {\n  TEA_WARM(pot)\n  return 1;\n}\n", [("TEA_WARM", 2)]),
        ("// int size GUARDED_BY(lid);\n" + BROKEN, [("GUARDED_BY", 2)]),
        ("/*\n  TEA_WARM(pot)\n  cold */\n" + BROKEN, [("GUARDED_BY", 4)]),
        ("TEA_EXPORT\n" + BROKEN, [("GUARDED_BY", 2)]),
    ],
)
def test_a_macro_that_the_grammar_does_not_know_is_called(
    text: str, expected: list[tuple[str, int]]
) -> None:
    events = read("pot.cc", text)
    calls = [*file_details(events).calls, *(c for s in symbols(events).values() for c in s.calls)]
    assert [(call.name, call.line) for call in calls] == expected
    assert file_details(events).warning == ""


CONDITION_IN_STATEMENT = """\
int f(int a) {
#if A
  if (a) {
#else
  if (pour(a)) {
#endif
    return 1;
  }
  return 2;
}
"""


def test_later_branches_are_read_where_they_are_whole() -> None:
    text = CONDITION_IN_STATEMENT + (
        "namespace tea {\n"
        "#ifdef SMALL\n"
        "int boil() { return 1; }\n"
        "#elif LARGE\n"
        "class Pot {\n"
        "  void fill() { stir(); }\n"
        "};\n"
        "#else\n"
        "#include <kettle>\n"
        "#define LARGER(a) (a + 1)\n"
        "int boil() { return brew(); }\n"
        "#endif\n"
        "}\n"
    )
    events = read("pot.cc", text)
    assert file_details(events).warning == ""
    assert kinds(events) == {
        "f": "function",
        "tea": "namespace",
        "tea::boil": "function",
        "tea::Pot": "class",
        "tea::Pot::fill": "method",
        "tea::LARGER": "macro",
    }
    assert calls_of(events, "tea::Pot::fill") == ["stir"]
    assert imports(events) == [("<kettle>", (), 19)]
    last = [event for event in events if event.heading == "tea::boil"][-1]
    assert last.lines is not None
    assert last.lines.start == 21
    assert_covers(events, text)


def test_conditions_inside_a_later_branch_are_part_of_it() -> None:
    text = CONDITION_IN_STATEMENT + (
        "#if A\n#else\nint g() {\n#if B\n  boil();\n#else\n  brew();\n#endif\n}\n#endif\n"
    )
    assert calls_of(read("pot.c", text), "g") == ["boil", "brew"]


def test_a_later_branch_that_is_not_whole_is_left_out() -> None:
    events = read("pot.c", CONDITION_IN_STATEMENT)
    assert kinds(events) == {"f": "function"}
    assert calls_of(events, "f") == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_condition_goes_on_after_a_backslash(newline: str) -> None:
    text = CONDITION_IN_STATEMENT.replace("#if A\n", "#if A || \\\n    defined(B)\n").replace(
        "\n", newline
    )
    events = read("pot.c", text)
    assert file_details(events).warning == ""
    assert kinds(events) == {"f": "function"}


def test_a_list_may_be_included_where_it_is_made() -> None:
    text = (
        'const struct pot pots[] = {\n#define POT(name) {#name, name},\n#include "pots.h"\n'
        "#undef POT\n};\nstruct cup {\n  int size;\n};\nint boil(void) {\n  return 1;\n}\n"
        "#define LID 1\n"
    )
    events = read("pot.c", text)
    assert file_details(events).warning == ""
    assert kinds(events) == {"POT": "macro", "cup": "struct", "boil": "function"}
    assert imports(events) == [("pots.h", (), 3)]
    assert_covers(events, text)


def test_a_macro_may_be_defined_in_the_next_line() -> None:
    text = (
        CONDITION_IN_STATEMENT
        + "#define LARGER(a) \\\n  TEA_MORE(a)\n\nint g;\nint h() {}\n#define LID\n"
    )
    events = read("pot.c", text)
    assert kinds(events) == {"f": "function", "LARGER": "macro", "h": "function"}


def test_a_conversion_to_a_type_of_two_words_is_kept() -> None:
    text = (
        "class Pot {\n  constexpr explicit operator unsigned() const noexcept { return a; }\n};\n"
        + BROKEN
    )
    events = read("pot.cc", text)
    assert kinds(events) == {"Pot": "class", "Pot::operator unsigned": "method"}
    assert file_details(events).warning == ""


def test_csharp_uses_of_every_branch_are_imports() -> None:
    text = (
        "#if A\nusing Tea.Pots;\n#else\nusing Tea.Cups;\n#endif\n"
        "class Pot\n#if ASYNC\n    : IAsync\n#else\n    : ISync\n#endif\n{\n}\n"
    )
    events = read("Pot.cs", text)
    assert [one.module for one in file_details(events).imports] == ["Tea.Pots", "Tea.Cups"]
    assert kinds(events) == {"Pot": "class"}
