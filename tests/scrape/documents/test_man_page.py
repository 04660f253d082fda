"""Manual pages → sections without markup, line by line."""

from __future__ import annotations

from verdigris.records import Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.parsers import parse_file

PAGE = r""".\" A comment
.TH KETTLE 1 "2026-01-01" "kettle 1.0"
.SH NAME
kettle \- boil water
.SH "EXIT STATUS"
.TP
.BI \-\-litres= N
How \fBmuch\fR; see \(lqtea\(rq and \[bu].
.nf
    kettle \e 2
.fi
.SS Details
'ne 3
It\(aqs hot.
"""


def read(path: str, text: str) -> list[Event]:
    return parse_file(SourceFile(path, text, "v1"))


def test_sections_have_words_and_their_own_lines() -> None:
    seen, *sections = read("man/kettle.1", PAGE)
    assert isinstance(seen.details, SeenDetails)
    assert (seen.details.kind, seen.details.title) == ("doc", "kettle(1)")
    assert [(one.heading, one.lines) for one in sections] == [
        ("", Lines(2, 2)),
        ("NAME", Lines(3, 4)),
        ("EXIT STATUS", Lines(5, 10)),
        ("EXIT STATUS > Details", Lines(12, 14)),
    ]
    assert sections[1].text == "NAME\nkettle - boil water"
    assert sections[2].text.split("\n") == [
        "EXIT STATUS", "", "--litres= N", "How much; see “tea” and •.", "", "    kettle \\ 2",
    ]  # fmt: skip
    assert sections[3].text == "Details\n\nIt's hot."


def test_mdoc_is_read_as_well() -> None:
    head = ".Dd January 1, 2026\n.Dt TEA 7\n.Os\n"
    text = f"{head}.Sh NAME\n.Nm tea\n.Nd a drink\n.Ss Green\n.Pp\nNo milk.\n"
    seen, *sections = read("tea.7", text)
    assert isinstance(seen.details, SeenDetails)
    assert seen.details.title == "tea(7)"
    assert [one.heading for one in sections] == ["", "NAME", "NAME > Green"]
    assert sections[1].text == "NAME\ntea\na drink"


def test_what_only_has_the_name_of_one_is_text() -> None:
    seen, block = read("notes.1", "Not a manual page at all.\n")
    assert isinstance(seen.details, SeenDetails)
    assert seen.details.file is not None
    assert (seen.details.file.parser, block.text) == ("text", "Not a manual page at all.")
