"""Text without a parser → blocks, and which parser and language a name asks for."""

from __future__ import annotations

from collections import Counter

import pytest

from verdigris.records import Event, FileDetails, SeenDetails, SourceFile
from verdigris.scrape.code.languages import is_document
from verdigris.scrape.line_spans import BLOCK_LINES
from verdigris.scrape.parsers import parse_file, parser_for


def read(path: str, text: str) -> list[Event]:
    return parse_file(SourceFile(path, text, "v1"))


def seen(events: list[Event]) -> tuple[str, FileDetails]:
    details = events[0].details
    assert isinstance(details, SeenDetails)
    assert details.file is not None
    return details.kind, details.file


def assert_covers(events: list[Event], text: str) -> None:
    """Every non-blank line is in exactly one block of at most 40 lines."""
    lines = text.split("\n")
    covered: Counter[int] = Counter()
    for event in events[1:]:
        assert event.lines is not None
        assert event.lines.end - event.lines.start < BLOCK_LINES
        assert event.text == "\n".join(lines[event.lines.start - 1 : event.lines.end])
        covered.update(range(event.lines.start, event.lines.end + 1))
    assert set(covered.values()) <= {1}
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)


def test_a_short_file_is_one_block() -> None:
    events = read("config.toml", "\n[a]\nx = 1\n\n[b]\ny = 2\n")
    assert [(e.kind, str(e.lines)) for e in events[1:]] == [("code.text", "2-6")]
    kind, file = seen(events)
    assert (kind, file.language, file.parser) == ("code", "toml", "text")


def test_long_files_are_cut_at_blank_lines_before_unindented_ones() -> None:
    section = "job:\n" + "  step: 1\n\n" * 12
    text = section * 4
    events = read("ci.yaml", text)
    assert_covers(events, text)
    assert all(event.text.startswith("job:") for event in events[1:])


def test_text_without_blank_lines_is_cut_before_unindented_lines() -> None:
    text = ("key:\n" + "  - x\n" * 14) * 6
    events = read("data.yaml", text)
    assert_covers(events, text)
    assert all(event.text.startswith("key:") for event in events[1:])


def test_text_without_any_structure_is_cut_where_a_block_is_full() -> None:
    text = "  x\n" * 100
    events = read("a.conf", text)
    assert_covers(events, text)
    assert [str(event.lines) for event in events[1:]] == ["1-40", "41-80", "81-100"]


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n"])
def test_blank_files_have_no_blocks(text: str) -> None:
    assert [event.kind for event in read("a.txt", text)] == ["document.seen"]


@pytest.mark.parametrize(
    ("path", "kind", "language"),
    [
        ("notes.txt", "doc", "text"),
        ("README", "doc", ""),
        ("LICENSE-MIT", "doc", ""),
        ("CHANGELOG.adoc", "doc", "asciidoc"),
        ("requirements.txt", "code", "requirements"),
        ("CMakeLists.txt", "code", "cmake"),
        ("Makefile", "code", "make"),
        ("deploy/Dockerfile", "code", "dockerfile"),
        ("history.sql", "code", "sql"),
        ("page.html", "code", "html"),
        ("odd.xyz", "code", ""),
    ],
)
def test_kind_and_language_by_name(path: str, kind: str, language: str) -> None:
    found, file = seen(read(path, "a\n"))
    assert (found, file.language) == (kind, language)


@pytest.mark.parametrize(
    ("first_line", "language", "parser"),
    [
        ("#!/usr/bin/env python3.12", "python", "tree-sitter"),
        ("#!/usr/bin/env -S node --flag", "javascript", "tree-sitter"),
        ("#! /bin/bash -e", "shell", "tree-sitter"),
        ("#!/usr/bin/fish", "shell", "text"),
        ("#!/usr/bin/ruby", "ruby", "tree-sitter"),
        ("no shebang", "", "text"),
    ],
)
def test_scripts_without_extension_are_known_by_their_first_line(
    first_line: str, language: str, parser: str
) -> None:
    _, file = seen(read("bin/tool", f"{first_line}\n"))
    assert (file.language, file.parser) == (language, parser)


def test_parsers_by_name() -> None:
    names = {path: parser_for(path).__name__ for path in ("a.py", "a.MD", "a.rst", "a.toml")}
    assert names == {
        "a.py": "parse_code",
        "a.MD": "parse_markdown",
        "a.rst": "parse_restructuredtext",
        "a.toml": "parse_text",
    }
    assert parser_for("tool", "#!/usr/bin/env node").__name__ == "parse_code"


@pytest.mark.parametrize(("path", "is_doc"), [("doc/tool.1", True), ("notes-1.0.1", False)])
def test_manual_pages_are_documents(path: str, is_doc: bool) -> None:
    assert is_document(path) is is_doc
