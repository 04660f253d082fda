"""Which definition a call means: as `assay` and `related` say it of real files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from verdigris import KnowledgeBase

if TYPE_CHECKING:
    from tests.conftest import GitFolder

Callers = Callable[[str], dict[str, float]]

FILES = {
    "tea/__init__.py": "from tea.pots import (\n    Pot,\n    brew,\n)\nfrom tea import codecs\n",
    "tea/pots.py": """class Vessel:
    def fill(self):
        self.rinse()
    def rinse(self):
        pass


class Pot(Vessel):
    def fill(self):
        super().fill()
        brew()
    def decode(self):
        pass


def brew():
    pass
""",
    "typed/Tap.java": "class Tap {\n  void open() {}\n}\n",
    "typed/Door.java": "class Door extends Gate {\n}\nclass Gate {\n  void open() {}\n}\n",
    "typed/House.java": """class House {
  void enter(Door one, Tap two, Bottle three) {
    one.open();
    two.open();
    three.open();
  }
}
""",
    "tea/pots.pyi": "def brew() -> None: ...\n",
    "tea/codecs.py": "def decode(text):\n    return text.decode()\n",
    "tea/cups.py": "class Cup:\n    def decode(self):\n        pass\n\n\ndef brew():\n    pass\n",
    "app.py": """import json

import tea
from tea import Pot
from tea import codecs
from tea import brew


def main(vessel, b):
    brew()
    tea.brew()
    codecs.decode("")
    pot = Pot()
    pot.decode()
    vessel.decode()
    b"".decode()
    json.decode()
    b.rinse()
""",
    "elsewhere.py": "def main(thing):\n    brew()\n    thing.rinse()\n",
    "web/pot.js": "export function fill() {}\n",
    "web/cup.js": "export function fill() {}\n",
    "web/app.js": """import { fill } from "./pot.js";
import * as pot from "./pot.js";

fill();
pot.fill();
""",
    "web/old.js": """var fill = require('./pot').fill
var jug = require('./pot')
fill()
jug.fill()
""",
    "src/pot.rs": "pub struct Pot;\nimpl Pot {\n    pub fn new() {}\n}\npub fn brew() {}\n",
    "src/cup.rs": "pub struct Cup;\nimpl Cup {\n    pub fn new() {}\n}\npub fn brew() {}\n",
    "src/main.rs": """mod cup;
mod pot;
fn main() {
    pot::brew();
    pot::Pot::new();
}
""",
    "src/lid.rs": """pub struct Pot;
impl Pot {
    pub fn new() {}
    pub fn standard() -> Pot { Pot }
    pub fn lift(&self) {}
}
""",
    "src/table.rs": """fn main(builder: Builder) {
    builder.standard();
    builder.lift();
    lid::Pot::new();
    Vec::<u8>::new();
}
""",
    "ts/index.ts": 'export * from "./teas.js";\n',
    "ts/teas.ts": """export function infuse() {}

export class Tray {
  error() {}
  drop() {
    this.error();
  }
}
""",
    "ts/teas.d.ts": "export declare class Tray {\n  drop(): void;\n}\n",
    "ts/old.ts": "tray.drop();\n",
    "ts/app.ts": """import * as menu from "./index.js";

menu.infuse();
console.error("no tea");
teas.infuse();
tray.error();
""",
    "cpp/pot.h": "namespace tea {\nint boil() { return 1; }\nstruct Pot { void Pour() {} };\n}\n",
    "cpp/cup.h": "namespace cup {\nint boil() { return 2; }\n}\n",
    "cpp/main.cc": '#include "pot.h"\n#include "cup.h"\nint main() { tea::boil(); pot.Pour(); }\n',
    "ruby/pot.rb": "class Kettle\n  def whistle(a)\n  end\nend\n",
    "ruby/app.rb": "require_relative 'pot'\nwhistle(1)\n",
    "jvm/Pot.java": """class Pot {
    int LEVEL = level(1);
    int level(int a) { return a; }
    class Lid {
        int lift() { return level(2); }
    }
}
""",
    "jvm/Cup.java": "class Cup {\n    int level(int a) { return a; }\n}\n",
    "net/Token.cs": """class Token {
    public static explicit operator Uuid(Token a) { return null; }
    object Make() { return new Uuid(); }
}
""",
    "go/tea/pot.go": "package tea\n\nfunc Default() {}\n",
    "go/tea/app.go": "package tea\n\nfunc brew() {\n\tDefault()\n}\n",
    "go/cup/cup.go": "package cup\n\nfunc Default() {}\n",
    "go/tea/menu.go": "package tea\n\ntype Menu struct{}\n\nfunc (m *Menu) Set() {}\n",
    "go/tea/serve.go": "package tea\n\nfunc serve() {\n\tr.Header.Set()\n\tmenu.Set()\n}\n",
}


@pytest.fixture
def cafe(make_git: Callable[[str], GitFolder]) -> GitFolder:
    """FILES in a repository."""
    folder = make_git("cafe")
    for path, text in FILES.items():
        folder.write(path, text)
    return folder


@pytest.fixture
def callers(cafe: GitFolder) -> Iterator[Callers]:
    """Symbol → place of a call → how sure it is that the call means this symbol."""
    with KnowledgeBase(cafe.root) as knowledge_base:
        knowledge_base.refresh()

        def ask(symbol: str) -> dict[str, float]:
            found = knowledge_base.structure.callers(symbol)
            return {f"{row.path}:{row.line}": row.confidence for row in found}

        yield ask


def test_a_bare_name_is_what_the_file_defines_or_imports(callers: Callers) -> None:
    found = callers("tea/pots.py")
    assert found["app.py:10"] == found["app.py:11"] == 1  # brew(), handed on by tea/__init__.py
    assert "elsewhere.py:2" not in found  # not imported: a local name
    assert "tea/pots.py:11" not in callers("tea/cups.py")  # the own file's is meant


def test_a_module_before_the_name_says_whose_it_is(callers: Callers) -> None:
    found = callers("tea/codecs.py")
    assert found["app.py:12"] == 1
    assert "app.py:17" not in found  # json.decode(): imported from outside


def test_self_and_super_mean_the_own_class_and_its_bases(callers: Callers) -> None:
    assert callers("Vessel.rinse")["tea/pots.py:3"] == 1
    assert callers("Vessel.fill")["tea/pots.py:10"] == 1
    assert "tea/pots.py:10" not in callers("Pot.fill")


def test_a_method_of_a_variable_is_as_sure_as_its_name_tells(callers: Callers) -> None:
    found = callers("Pot.decode")
    assert found["app.py:14"] == 0.7  # pot.decode(): named like its class
    assert found["app.py:15"] < 0.3  # vessel.decode(): as well text of the standard library
    assert found["tea/codecs.py:2"] < 0.3
    assert "app.py:14" not in callers("Cup.decode")


def test_an_unusual_method_needs_no_telling_variable(callers: Callers) -> None:
    assert callers("Vessel.rinse")["elsewhere.py:3"] == 0.2  # not seen from there
    assert callers("Vessel.rinse")["app.py:18"] == 0.7


def test_a_call_is_said_to_mean_what_it_means(cafe: GitFolder) -> None:
    with KnowledgeBase(cafe.root) as knowledge_base:
        knowledge_base.refresh()
        found = knowledge_base.structure.callers("new")
    assert [(one.path, one.line, one.target) for one in found] == [
        ("src/main.rs", 5, "Pot::new"),
        ("src/table.rs", 4, "Pot::new"),
    ]


def test_a_stub_is_not_what_is_called(callers: Callers) -> None:
    assert callers("tea/pots.pyi") == {}


def test_related_shows_likely_callers_and_counts_the_others(cafe: GitFolder) -> None:
    with KnowledgeBase(cafe.root) as knowledge_base:
        knowledge_base.refresh()
        found = knowledge_base.related("Pot.decode")
    assert [(one.path, one.line) for one in found.callers] == [("app.py", 14)]
    assert found.unlikely_callers == 3


def test_other_languages_follow_their_imports(callers: Callers) -> None:
    found = callers("web/pot.js")
    assert found["web/app.js:4"] == found["web/app.js:5"] == 1
    assert found["web/old.js:3"] == found["web/old.js:4"] == 1
    assert not callers("web/cup.js")
    found = callers("src/pot.rs")
    assert (found["src/main.rs:4"], found["src/main.rs:5"]) == (1, 1)


def test_a_module_of_typescript_has_the_name_that_the_import_gives_it(callers: Callers) -> None:
    found = callers("ts/teas.ts")
    # Handed on by index.ts; neither console's error, nor a `teas` that is not imported.
    assert found == {"ts/app.ts:3": 1, "ts/app.ts:6": 0.7, "ts/old.ts:1": 0.7}
    assert callers("ts/teas.d.ts") == {}


def test_a_value_does_not_call_a_function_of_a_type_that_takes_no_self(callers: Callers) -> None:
    assert callers("Pot.standard") == {}
    assert callers("Pot.lift") == {"src/table.rs:3": 0.2}


def test_of_a_type_that_is_not_called_itself_the_calls_of_its_members_are_found(
    callers: Callers,
) -> None:
    assert callers("Cup") == {}  # its `decode` is hardly meant anywhere
    assert callers("Tray") == {"ts/app.ts:6": 0.7, "ts/old.ts:1": 0.7}  # not its own `this.error()`


def test_tests_stand_behind_the_other_callers_and_importers(cafe: GitFolder) -> None:
    for path in ("tests/a.py", "zoo.py"):
        cafe.write(path, "from tea.cups import brew\n\nbrew()\n")
    with KnowledgeBase(cafe.root) as knowledge_base:
        knowledge_base.refresh()
        found = knowledge_base.related("tea/cups.py")
    assert [one.path for one in found.callers] == ["zoo.py", "tests/a.py"]
    assert [one.path for one in found.importers] == ["zoo.py", "tests/a.py"]


def test_the_module_before_a_type_says_whose_it_is(callers: Callers) -> None:
    assert callers("src/lid.rs") == {"src/table.rs:3": 0.2, "src/table.rs:4": 1}


def test_a_bare_name_in_go_is_one_of_the_package(callers: Callers) -> None:
    assert callers("go/tea/pot.go") == {"go/tea/app.go:4": 1}
    assert callers("go/cup/cup.go") == {}


def test_a_common_method_of_go_is_meant_where_the_variable_has_the_name_of_the_type(
    callers: Callers,
) -> None:
    assert callers("Menu.Set") == {"go/tea/serve.go:5": 0.7, "go/tea/serve.go:4": 0.2}


def test_a_namespace_before_the_name_says_whose_it_is(callers: Callers) -> None:
    assert callers("tea::boil") == {"cpp/main.cc:3": 1}
    assert callers("cup::boil") == {}


def test_a_bare_method_of_an_unrelated_class_is_a_guess(callers: Callers) -> None:
    assert callers("Kettle.whistle") == {"ruby/app.rb:2": 0.4}


def test_a_class_calls_its_own_methods_in_its_body_and_from_nested_ones(callers: Callers) -> None:
    assert callers("Pot.level") == {"jvm/Pot.java:2": 1, "jvm/Pot.java:5": 1}
    assert callers("Cup.level") == {}


def test_a_conversion_into_a_type_is_not_its_constructor(callers: Callers) -> None:
    assert callers("Token.Uuid") == {}


def test_the_declared_type_of_a_receiver_says_whose_method_it_is(callers: Callers) -> None:
    assert callers("Tap.open") == {"typed/House.java:4": 1}
    assert callers("Gate.open") == {"typed/House.java:3": 1}
