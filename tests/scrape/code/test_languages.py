"""What is found in each language beyond the first five: symbols, imports, packages, calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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

from verdigris.records import SymbolDetails

SAMPLES = Path(__file__).with_name("samples")


@dataclass(frozen=True)
class Expected:
    """What a sample holds. `documented`: symbol, its signature, its docstring."""

    kinds: str
    imports: str
    packages: tuple[str, ...]
    calls: str
    documented: tuple[str, str, str]


EXPECTED = {
    "a.java": Expected(
        "class:Pot method:Pot.LID.close method:Pot.Pot method:Pot.pour interface:Pot.Handle "
        "method:Pot.Handle.hold enum:Pot.Kind method:Pot.Kind.GREEN.minutes "
        "method:Pot.Kind.minutes record:Pot.Point method:Pot.Point.Point",
        "java.util.List org.tea.cups[*] org.tea.Water.boil",
        ("org.tea.pots",),
        "Pot.pour:ArrayList,add,fill,boil",
        ("Pot", "public class Pot<T> extends Vessel implements Lid", "Keeps tea warm."),
    ),
    "a.c": Expected(
        "macro:LARGER struct:pot struct:point type:pourer enum:kind function:pour "
        "function:names function:checked",
        "<stdio.h> pots/pot.h",
        (),
        "pour:fill,LARGER,stir",
        ("pour", "static int pour(pot_t *pot)", "Pours."),
    ),
    "a.cpp": Expected(
        "namespace:tea::pots class:tea::pots::Pot method:tea::pots::Pot::Pot "
        "method:tea::pots::Pot::Close method:tea::pots::Pot::operator== "
        "method:tea::pots::Pot::operator_bool function:tea::pots::Fill struct:tea::pots::Box "
        "type:tea::pots::Pots function:tea::pots::Pot::Pour",
        "<vector> tea/pot.h",
        (),
        "tea::pots::Fill:move,warm tea::pots::Pot::Pour:wash,Pot",
        ("tea::pots::Fill", "template <typename T> T* Fill(T* vessel)", "Fills any."),
    ),
    "a.cs": Expected(
        "class:Pot property:Pot.Name method:Pot.Pot method:Pot.PourAsync interface:ILid "
        "method:ILid.Close enum:Kind record:Point delegate:Poured",
        "System Tea.Water Tea.Cups.Cup",
        ("Tea.Pots",),
        "Pot.PourAsync:Fill,Stir,Cup,Drink",
        (
            "Pot",
            "public class Pot<T> : Vessel, ILid where T : class",
            "<summary>Keeps tea warm.</summary>",
        ),
    ),
    "a.rb": Expected(
        "module:Tea class:Tea::Pot method:Tea::Pot::initialize method:Tea::Pot::make "
        "method:Tea::Pot::largest method:Tea::Pot::empty? method:Tea::Pot::[]= "
        "class:Tea::Point method:Tea::Point::far?",
        "json ./../cups/cup tea/lid",
        (),
        "Tea::Pot::make:pour,new,Pot Tea::Pot::[]=:store",
        ("Tea::Pot::initialize", "def initialize(size)", "Makes a pot."),
    ),
    "a.php": Expected(
        "class:Pot method:Pot::__construct method:Pot::make method:Pot::pour interface:Lid "
        "method:Lid::close trait:Warms method:Warms::warm enum:Kind function:stir",
        r"Tea\Cups\Cup Tea[Lid,Water] Tea\boil ./vessel.php water.php",
        (r"Tea\Pots",),
        "Pot::make:Cup,boil Warms::warm:heat,fire",
        ("Pot", "abstract class Pot extends Vessel implements Lid", "Keeps tea warm."),
    ),
    "a.kt": Expected(
        "class:Pot property:Pot.name method:Pot.pour method:Pot.make interface:Lid "
        "method:Lid.close object:Kitchen method:Kitchen.clean enum:Kind class:Private "
        "method:Private.with_spaces function:brew type:Pots",
        "tea.cups.Cup tea.water[*]",
        ("tea.pots",),
        "Pot.pour:listOf,fill,map,warm",
        ("Pot", "class Pot<T>(val size: Int) : Vessel(size), Lid", "Keeps tea warm."),
    ),
    "a.swift": Expected(
        "class:Pot property:Pot.name method:Pot.init method:Pot.pour protocol:Lid "
        "method:Lid.close struct:Point enum:Kind extension:Pot method:Pot.stir function:brew "
        "type:Pots",
        "Foundation Cups.Cup",
        ("",),
        "Pot.pour:fill,Cup,map,warm",
        ("Pot.init", "public init(size: Int)", "Makes a pot."),
    ),
    "a.scala": Expected(
        "class:Pot method:Pot.pour trait:Lid method:Lid.close object:Pot method:Pot.make "
        "class:Point enum:Kind function:brew",
        "tea.cups[Cup,Lid,*] tea.water[*] tea.Kitchen",
        ("tea.pots",),
        "Pot.pour:fill,stir,map,warm,Cup Pot.make:of",
        ("Lid.close", "def close(): Unit", ""),
    ),
    "a.sh": Expected(
        "function:fill function:tea::brew",
        "./lib/water.sh ./cups.sh",
        (),
        "fill:boil,count,pour,fail tea::brew:fill",
        ("fill", "fill()", "Fills the pot.\nAll of it."),
    ),
}
SOURCES = {
    path: SAMPLES.joinpath(f"{name}.txt").read_text("utf-8")
    for path, name in zip(
        EXPECTED, "java c cpp csharp ruby php kotlin swift scala shell".split(), strict=True
    )
}


@pytest.mark.parametrize("path", EXPECTED)
def test_symbols_and_their_documentation(path: str) -> None:
    events = read(path, SOURCES[path])
    found = [
        f"{event.details.symbol_kind}:{event.heading.replace(' ', '_')}"
        for event in events
        if isinstance(event.details, SymbolDetails)
    ]
    assert found == EXPECTED[path].kinds.split()
    name, signature, docstring = EXPECTED[path].documented
    details = symbols(events)[name]
    assert (details.signature, details.docstring) == (signature, docstring)
    assert file_details(events).warning == ""
    assert file_details(events).parser == "tree-sitter"


@pytest.mark.parametrize("path", EXPECTED)
def test_imports_and_packages(path: str) -> None:
    events = read(path, SOURCES[path])
    found = [
        f"{module}[{','.join(names)}]" if names else module for module, names, _ in imports(events)
    ]
    assert found == EXPECTED[path].imports.split()
    assert file_details(events).packages == EXPECTED[path].packages


@pytest.mark.parametrize("path", EXPECTED)
def test_calls(path: str) -> None:
    events = read(path, SOURCES[path])
    for entry in EXPECTED[path].calls.split():
        symbol, _, names = entry.rpartition(":")
        assert sorted(calls_of(events, symbol)) == sorted(names.split(","))


@pytest.mark.parametrize("path", EXPECTED)
def test_no_line_is_lost_wherever_a_file_is_cut_off(path: str) -> None:
    for end in range(0, len(SOURCES[path]) + 1, 11):
        text = SOURCES[path][:end]
        assert_covers(read(path, text), text)


def test_a_c_type_has_the_names_that_its_definition_gives() -> None:
    found = symbols(read("a.c", SOURCES["a.c"]))
    assert found["pot"].aliases == ("pot_t", "pot_ptr")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("struct pot { int size; };\n", "c"),
        ('#ifdef __cplusplus\nextern "C" {\n#endif\nint pour(int);\n', "c"),
        ("class Pot {\n public:\n  int size;\n};\n", "c++"),
        ("namespace tea {\n}\n", "c++"),
        ("int pour(std::string cups);\n", "c++"),
    ],
)
def test_a_header_is_c_unless_it_says_what_only_cpp_says(text: str, language: str) -> None:
    assert file_details(read("pot.h", text)).language == language


def test_swift_files_belong_to_the_folder_below_sources() -> None:
    events = read("Sources/Pots/Pot.swift", SOURCES["a.swift"])
    assert file_details(events).packages == ("Pots",)


def test_words_that_a_grammar_does_not_know_do_not_move_lines() -> None:
    text = "export interface Box<\n  out T extends Tea,\n  in out U,\n> {\n  pour(): T;\n}\n"
    events = read("a.ts", text)
    assert kinds(events) == {"Box": "interface"}
    assert file_details(events).warning == ""
    assert_covers(events, text)


@pytest.mark.parametrize("name", ["Gemfile", "Rakefile", ".bashrc"])
def test_files_known_by_their_whole_name(name: str) -> None:
    assert file_details(read(name, "def x\nend\n")).parser == "tree-sitter"


def test_macros_and_conditions_inside_a_definition_do_not_hide_what_is_around_it() -> None:
    text = (
        "namespace tea {\n"
        "class TEA_EXPORT Pot {\n"
        " public:\n"
        "  Pot(int size)\n"
        "      :\n"
        "#if defined(LARGE)\n"
        "        size_(2 * size),\n"
        "#else\n"
        "        size_(size),\n"
        "#endif\n"
        "        cups_(0) {\n"
        "  }\n"
        "  int size_ GUARDED_BY(mutex_);\n"
        "};\n"
        "}\n"
    )
    events = read("pot.cc", text)
    assert kinds(events) == {
        "tea": "namespace",
        "tea::Pot": "class",
        "tea::Pot::Pot": "method",
    }
    assert file_details(events).warning == ""
    assert_covers(events, text)


def test_a_condition_around_definitions_keeps_both() -> None:
    text = "#ifdef A\nint f(void) {\n  return 1;\n}\n#else\nint g(void) {\n  return 2;\n}\n#endif\n"
    assert kinds(read("a.c", text)) == {"f": "function", "g": "function"}


def test_what_only_a_later_branch_includes_is_kept() -> None:
    text = (
        'int f(int a) {\n#if A\n  if (a) {\n#else\n#include "b.h"\n#define G(x) \\\n  (x)\n'
        "  if (G(a)) {\n#endif\n    return 1;\n  }\n  return 2;\n}\n"
    )
    events = read("a.c", text)
    assert file_details(events).warning == ""
    assert [one.module for one in file_details(events).imports] == ["b.h"]


@pytest.mark.parametrize(
    "text",
    [
        "TEA_BEGIN\n\n// A pot.\nint boil() {\n  return 1;\n}\n",
        "struct Pot {\n  TEA_CONSTEXPR Pot(int size) : size_(size) {}\n  int size_;\n};\n",
        "struct Pot {\n  TEA_API TEA_INLINE Pot(int a TEA_UNUSED) : a_(a) {}\n  int a_;\n};\n",
        "struct Pot {\n  ~Pot() {\n    TEA_TRY { pour(); }\n    TEA_CATCH(...) {}\n  }\n};\n",
        "TEA_EXPORT template <typename T>\nauto pour(T& cup) -> T& { return cup; }\n",
        "template <typename T> TEA_API TEA_INLINE auto pour(T& cup) -> T& { return cup; }\n",
        "int pour(int a) {\n  if (unsigned(a) < unsigned(3)) a = 3;\n  return a;\n}\n",
        "int boil() {\n  if TEA_CONSTEXPR (sizeof(int) > 2) return 1;\n  return 2;\n}\n",
        "template <int N, TEA_IF(is_tea<N>() && (N > 1))>\nint boil() {\n  return N;\n}\n",
    ],
)
def test_macros_stand_where_the_language_has_no_word(text: str) -> None:
    assert file_details(read("pot.cc", text)).warning == ""


def test_a_test_of_googletest_is_a_method_of_its_fixture() -> None:
    text = "TEST_F(PotTest, Boils) {\n  Fill();\n}\nTEST(PotTest, long) {}\nint TEST(int, int) {}\n"
    assert kinds(read("pot_test.cc", text)) == {
        "PotTest.Boils": "function",
        "PotTest.long": "function",
        "TEST": "function",
    }


def test_csharp_reads_on_where_a_base_depends_on_a_condition() -> None:
    text = "class Pot\n#if ASYNC\n    : IAsync\n#endif\n{\n    void Boil() { }\n}\n"
    assert kinds(read("Pot.cs", text)) == {"Pot": "class", "Pot.Boil": "method"}


def test_kotlin_that_its_grammar_takes_for_expressions() -> None:
    text = (
        "@Hot(degrees = 90)\ndata class Pot {\n  fun boil() = brew<Tea> { pour() }\n}\n"
        "open class Cup<T>\ninternal actual constructor(\n  val tea: T,\n) {\n"
        "  var full = false\n    set(value) {\n      if (!isFull()) field = value\n    }\n"
        "  var lid = 1\n    private set\n}\n"
    )
    events = read("Pot.kt", text)
    assert file_details(events).warning == ""
    assert kinds(events) == {
        "Pot": "class", "Pot.boil": "method", "Cup": "class", "Cup.full": "property",
    }  # fmt: skip
    assert calls_of(events, "Pot.boil") == ["brew", "pour"]
    assert calls_of(events, "Cup.full") == ["isFull"]
    assert_covers(events, text)


def test_scala_calls_with_types() -> None:
    text = "object A {\n  val a = tea - boil[Tea](pot)\n  val b = new cups.Tray[Cup](1)\n}\n"
    assert {"boil", "Tray"} <= set(calls_of(read("A.scala", text), "A"))


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
def test_calls_with_types_that_are_awaited(path: str) -> None:
    text = "async function f() {\n  await boil<Tea>(await pot.fill<Water>());\n}\n"
    assert calls_of(read(path, text), "f") == ["boil", "fill"]


def test_ruby_imports_with_and_without_parentheses() -> None:
    text = (
        "require 'a'\nrequire('b')\nrequire_relative 'c'\nrequire_relative('d')\n"
        "autoload :E, 'e'\nautoload(:F, 'f')\nload('g', true)\n"
    )
    found = [module for module, _, _ in imports(read("a.rb", text))]
    assert found == ["a", "b", "./c", "./d", "e", "f", "g"]


def test_what_looks_like_a_call_and_is_none() -> None:
    php = "<?php\nfunction f() { return isset($pot) || empty($cup) || isset_lid(); }\n"
    assert calls_of(read("a.php", php), "f") == ["isset_lid"]
    shell = 'f() {\n  unset pot\n  [ -n "$cup" ] && pour\n}\n'
    assert sorted(calls_of(read("a.sh", shell), "f")) == ["pour", "unset"]


def test_a_dot_between_texts_of_php_is_no_receiver() -> None:
    events = read("a.php", "<?php\n$a = 'tea'.brew().$this->pour();\n")
    calls = {call.name: call.receiver for call in file_details(events).calls}
    assert calls == {"brew": "", "pour": "this"}
