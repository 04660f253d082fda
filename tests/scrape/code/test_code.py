"""Source code → events: symbols with what documents them, imports, calls, and no line lost."""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from verdigris.records import Event, FileDetails, Lines, SeenDetails, SourceFile, SymbolDetails
from verdigris.scrape.code import syntax
from verdigris.scrape.code.events import MAX_CHARACTERS, parse_code
from verdigris.scrape.parsers import parse_file

SAMPLES = Path(__file__).with_name("samples")
PYTHON, RUST, JAVASCRIPT, TYPESCRIPT, GO = (
    SAMPLES.joinpath(f"{name}.txt").read_text("utf-8")
    for name in ("python", "rust", "javascript", "typescript", "go")
)
SOURCES = {
    "a.py": PYTHON,
    "a.rs": RUST,
    "a.jsx": JAVASCRIPT,
    "a.ts": TYPESCRIPT,
    "a.go": GO,
}


def read(path: str, text: str) -> list[Event]:
    return parse_file(SourceFile(path, text, "v1", "2024-01-02T03:04:05Z"))


def file_details(events: list[Event]) -> FileDetails:
    assert isinstance(events[0].details, SeenDetails)
    assert events[0].details.file is not None
    return events[0].details.file


def symbols(events: list[Event]) -> dict[str, SymbolDetails]:
    found = [event.details for event in events if isinstance(event.details, SymbolDetails)]
    return {details.name: details for details in found}


def kinds(events: list[Event]) -> dict[str, str]:
    return {name: details.symbol_kind for name, details in symbols(events).items()}


def calls_of(events: list[Event], symbol: str) -> list[str]:
    return [call.name for call in symbols(events)[symbol].calls]


def event_of(events: list[Event], symbol: str) -> Event:
    return next(e for e in events if isinstance(e.details, SymbolDetails) and e.heading == symbol)


def imports(events: list[Event]) -> list[tuple[str, tuple[str, ...], int]]:
    return [(i.module, i.names, i.line) for i in file_details(events).imports]


def assert_covers(events: list[Event], text: str) -> None:
    """Every non-blank line is in exactly one event, in order, and the texts are the lines."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    spans = [event.lines for event in events[1:] if event.lines is not None]
    assert len(spans) == len(events) - 1
    covered = Counter(n for span in spans for n in range(span.start, span.end + 1))
    assert set(covered.values()) <= {1}
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)
    assert all(one.end < two.start for one, two in pairwise(spans))
    for event, span in zip(events[1:], spans, strict=True):
        assert event.text == "\n".join(lines[span.start - 1 : span.end])


@pytest.mark.parametrize("path", SOURCES)
def test_every_line_is_in_exactly_one_event(path: str) -> None:
    events = read(path, SOURCES[path])
    assert_covers(events, SOURCES[path])
    assert events[0].kind == "document.seen"
    assert {event.kind for event in events[1:]} - {"code.test"} == {"code.symbol", "code.text"}
    assert file_details(events).parser == "tree-sitter"
    assert file_details(events).warning == ""


@pytest.mark.parametrize("path", SOURCES)
def test_no_line_is_lost_wherever_a_file_is_cut_off(path: str) -> None:
    for end in range(0, len(SOURCES[path]), 7):
        text = SOURCES[path][:end]
        assert_covers(read(path, text), text)


def test_python_symbols_are_qualified_and_nested_functions_belong_to_the_outer_one() -> None:
    assert kinds(read("a.py", PYTHON)) == {
        "Memory": "class",
        "Memory.full": "method",
        "Memory.add": "method",
        "Memory.Page": "class",
        "Memory.Page.turn": "method",
        "helper": "function",
    }


def test_python_docstrings_and_signatures() -> None:
    found = symbols(read("a.py", PYTHON))
    assert found["Memory"].docstring == "Keeps everything.\n\nAll of it:\n    indented."
    assert found["Memory"].signature == "class Memory(Store)"
    assert found["Memory.full"].docstring == "Whether it is full."
    assert found["Memory.add"].signature == "async def add( self, item: str ) -> None"
    assert found["helper"].docstring == ""


def test_a_class_head_ends_before_its_first_method_and_stray_lines_keep_its_name() -> None:
    events = read("a.py", PYTHON)
    head = event_of(events, "Memory")
    assert head.text.startswith("# Held in memory.\n@register")
    assert head.text.endswith("size: int = field(0)")
    stray = [e for e in events if e.kind == "code.text" and e.heading == "Memory"]
    assert [e.text.strip() for e in stray] == ["KEEP = True"]
    assert event_of(events, "Memory.full").text.strip().startswith("@property")


def test_python_calls_belong_to_the_symbol_that_makes_them() -> None:
    events = read("a.py", PYTHON)
    assert calls_of(events, "Memory") == ["register", "field"]
    assert calls_of(events, "Memory.full") == ["inner"]
    assert calls_of(events, "Memory.add") == ["embed"]
    assert calls_of(events, "helper") == ["Memory"]
    assert [call.name for call in file_details(events).calls] == ["max"]


def test_python_imports() -> None:
    assert imports(read("a.py", PYTHON)) == [
        ("__future__", ("annotations",), 3),
        ("os.path", (), 5),
        ("sys", (), 5),
        (".stores", ("Store", "Index"), 6),
        (".", ("*",), 7),
    ]


def test_rust_symbols_use_the_language_s_own_separator() -> None:
    events = read("a.rs", RUST)
    assert kinds(events) == {
        "LIMIT": "const",
        "Point": "impl",
        "Point::area": "method",
        "Shape": "trait",
        "Shape::area": "method",
        "Shape::name": "method",
        "square": "macro",
        "tests": "module",
        "tests::works": "function",
        "Kind": "enum",
    }
    assert event_of(events, "Point").details == SymbolDetails(
        "Point", "struct", "pub struct Point<T>", "A point.\n\nIn space."
    )
    assert symbols(events)["Point"].signature == "impl<T: Copy> Shape for Point<T>"
    assert symbols(events)["Point::area"].docstring == "Computes."
    assert symbols(events)["Point::area"].signature == "fn area(&self) -> Vec<T>"
    assert symbols(events)["Shape::area"].signature == "fn area(&self) -> f64"


def test_a_rust_implementation_for_a_reference_has_the_name_of_what_it_refers_to() -> None:
    for reference in ("&'a ", "&", "&mut ", "&'static mut "):
        text = f"impl<'a, M: Match> Match for {reference}M<'a> {{\n    fn find(&self) {{}}\n}}\n"
        assert list(symbols(read("a.rs", text))) == ["M", "M::find"]


def test_rust_code_that_is_compiled_for_tests_only_is_told_from_the_rest() -> None:
    text = """/// Not a `#[test]`.
#[cfg(not(test))]
fn boil() {}

#[derive(Debug)]
#[tokio::test]
async fn boils() {
    boil().await;
}

#[cfg(all(test, unix))]
mod tests {
    fn pot() {}

    const LITRES: u8 = 1;
}
#[cfg(any(test, feature = "tea"))]
fn brew() {}
"""
    events = read("a.rs", text)[1:]
    found = {event.heading for event in events if event.kind == "code.test"}
    assert found == {"boils", "tests", "tests::pot", "tests::LITRES"}
    assert symbols(events)["tests::pot"].symbol_kind == "function"


def test_rust_calls_are_found_in_macros_and_behind_type_arguments() -> None:
    calls = calls_of(read("a.rs", RUST), "Point::area")
    assert set(calls) == {"new", "println", "render", "measure"}


def test_rust_use_trees_are_spelled_out() -> None:
    assert sorted(imports(read("a.rs", RUST))) == [
        ("crate::engine", ("*",), 4),
        ("std", ("fmt",), 3),
        ("std::io", ("self", "Write"), 3),
        ("store", (), 5),
    ]


def test_a_line_of_closing_brackets_ends_the_event_before_it() -> None:
    events = read("a.rs", RUST)
    assert event_of(events, "Point::area").text.endswith("    }\n}")
    assert not [e for e in events if e.text.strip() == "}"]


def test_javascript_functions_wherever_they_are_assigned() -> None:
    assert kinds(read("a.jsx", JAVASCRIPT)) == {
        "lazy": "function",
        "app.use": "function",
        "View.render": "function",
        "Router": "class",
        "Router.handle": "method",
        "Router.of": "method",
        "module.exports.get": "method",
        "module.exports.put": "method",
        "walk": "function",
        "Page": "function",
    }


def test_javascript_comment_above_a_blank_line_documents_the_function() -> None:
    found = symbols(read("a.jsx", JAVASCRIPT))
    assert found["app.use"].docstring == "Add a middleware."
    assert found["app.use"].signature == "app.use = function use(fn)"
    assert found["lazy"].signature == "const lazy = ()"


def test_javascript_calls_and_rendered_components() -> None:
    events = read("a.jsx", JAVASCRIPT)
    assert calls_of(events, "app.use") == ["push", "Layer"]
    assert calls_of(events, "Router.of") == ["Router"]
    assert set(calls_of(events, "Page")) == {"Main", "Header", "go"}


def test_javascript_imports() -> None:
    assert imports(read("a.jsx", JAVASCRIPT)) == [
        ("node:path", ("fallback", "join", "sep"), 5),
        ("./all.js", ("all",), 6),
        ("./one.js", ("one",), 7),
        ("./parse", ("parse", "format"), 8),
        ("./lazy", (), 9),
    ]


def test_what_is_taken_from_a_required_module() -> None:
    text = "var pot = require('./pot')\nvar fill = require('./cup').fill\nrequire('./lid')()\n"
    found = [("./pot", ("pot",), 1), ("./cup", ("fill",), 2), ("./lid", (), 3)]
    assert imports(read("a.js", text)) == found


def test_typescript_declarations() -> None:
    events = read("a.ts", TYPESCRIPT)
    assert kinds(events) == {
        "Service": "class",
        "Service.constructor": "method",
        "Service.load": "method",
        "Service.save": "method",
        "Api": "interface",
        "Id": "type",
        "Level": "enum",
        "untyped": "namespace",
        "untyped.run": "function",
        "Deep.Inside": "namespace",
        "Deep.Inside.go": "function",
    }
    assert symbols(events)["Service"].docstring == "A service."
    assert imports(events) == [("./a", ("A",), 1), ("./legacy", (), 2)]


def test_functions_of_an_object_that_is_exported_or_whose_type_is_told() -> None:
    text = """
export default {
  async fetch(request: Request) { return answer(request) },
  scheduled: async () => tick(),
} satisfies Worker
export const routes = {
  list() { return all() },
  show: (id: string) => one(id),
} as const
register([{ skipped() { return 1 } }])
"""
    events = read("a.ts", text)
    assert kinds(events) == {
        "default.fetch": "method",
        "default.scheduled": "method",
        "routes.list": "method",
        "routes.show": "method",
    }
    assert calls_of(events, "routes.show") == ["one"]
    untyped = text.replace(" satisfies Worker", "").replace(": Request", "")
    untyped = untyped.replace(" as const", "").replace(": string", "")
    assert kinds(read("a.js", untyped)) == kinds(events)


def test_go_declarations() -> None:
    events = read("a.go", GO)
    assert kinds(events) == {
        "A": "const",
        "ErrGone": "var",
        "Store": "struct",
        "Keeper": "interface",
        "Name": "type",
        "Store.Get": "method",
        "New": "function",
    }
    assert symbols(events)["A"].docstring == "Kinds of things."
    assert symbols(events)["Store.Get"].signature == "func (s *Store[K]) Get(key K) (int, error)"
    assert calls_of(events, "Store.Get") == ["find", "hash", "Map"]
    assert imports(events) == [("fmt", (), 5), ("github.com/a/b/yaml", (), 6)]


def test_a_license_header_does_not_document_the_first_function() -> None:
    found = symbols(read("a.js", "/** License. */\n\nfunction a() {}\n"))
    assert found["a"].docstring == ""


def test_a_syntax_error_is_a_warning_and_the_rest_is_still_read() -> None:
    text = "def good():\n    pass\n\n\nx = = 2\n\n\ndef after():\n    pass\n"
    events = read("a.py", text)
    assert file_details(events).warning == "syntax error near line 5"
    assert list(symbols(events)) == ["good", "after"]
    assert_covers(events, text)


def test_definitions_that_share_a_line_are_counted() -> None:
    events = read("a.js", "function a() {} function b() { a() }\n")
    assert list(symbols(events)) == ["a"]
    assert file_details(events).warning.startswith("1 definitions share their line")


def test_a_very_long_file_is_cut_as_text_with_a_warning() -> None:
    text = "x = 1\n" * (MAX_CHARACTERS // 6 + 1)
    events = read("a.py", text)
    details = file_details(events)
    assert (details.parser, details.language) == ("text", "python")
    assert "longer than" in details.warning
    assert {event.kind for event in events[1:]} == {"code.text"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "x = " + "f(" * 50_000 + ")" * 50_000),
        ("a.py", "x = a" + ".b()" * 50_000),
        ("a.js", "function f() {\n" * 10_000 + "}\n" * 10_000),
        ("a.rs", "mod a {\n" * 10_000 + "}\n" * 10_000),
        ("a.go", "package a\nvar x = " + "-(" * 50_000 + "1" + ")" * 50_000),
    ],
)
def test_deeply_nested_code_is_covered_and_said_to_be_cut(path: str, text: str) -> None:
    events = read(path, text)
    assert_covers(events, text)
    assert "nested deeper" in file_details(events).warning


def test_text_that_is_no_code_at_all_is_cut_as_text_in_good_time() -> None:
    began = time.process_time()
    events = read("a.py", "(\n" * 200_000)
    assert time.process_time() - began < 5
    assert file_details(events).parser == "text"
    assert "cannot be read as python" in file_details(events).warning


def test_wide_statements_are_read_in_good_time() -> None:
    names = [f"name{number}" for number in range(20_000)]
    began = time.process_time()
    events = read("a.py", f"from wide import ({', '.join(names)})\n")
    assert time.process_time() - began < 5
    assert imports(events) == [("wide", tuple(names), 1)]


def test_a_missing_grammar_is_cut_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    syntax.compile_language.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    events = read("a.go", GO)
    assert "no go grammar" in file_details(events).warning
    assert_covers(events, GO)


def test_line_ends_byte_order_marks_and_odd_characters() -> None:
    text = (
        "\ufeff# é\r\ndef f():\r\n    x = '\udc80\u2028'\r\n"
        "\r\n\r\nclass A:\r\n    def g(self): ...\r\n"
    )
    events = read("a.py", text)
    assert_covers(events, text)
    assert event_of(events, "A").lines == Lines(6, 6)
    assert event_of(events, "A.g").lines == Lines(7, 7)


def test_every_event_names_document_version_and_time() -> None:
    for event in read("src/a.py", PYTHON):
        assert (event.document, event.version) == ("src/a.py", "v1")
        assert event.time == "2024-01-02T03:04:05Z"


def test_an_empty_file_is_seen() -> None:
    events = read("a.py", "")
    assert [event.kind for event in events] == ["document.seen"]


def test_a_file_of_an_unknown_language_is_text() -> None:
    events = parse_code(SourceFile("a.unknown", "x\n", "v1"))
    assert file_details(events).parser == "text"
