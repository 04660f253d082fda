"""Notebooks, PDF files and web pages: what is extracted, where from, and what cannot be."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.chunking import chunk_document
from verdigris.records import Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.documents import extraction
from verdigris.scrape.documents.pdf import PdfExtractors, extract_pdf
from verdigris.scrape.documents.web_page import extract_web_page
from verdigris.scrape.files import FileChanges, Skipped, file_changes, read_file
from verdigris.scrape.parsers import parse_file
from verdigris.scrape.repository import Repository, open_repository

TOKEN = "ghp_" + "Zx9Q" * 9


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return open_repository(tmp_path)


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where no extra is installed."""
    monkeypatch.setattr(extraction, "find_spec", lambda module: None)
    extraction._has.cache_clear()
    yield
    extraction._has.cache_clear()


def read(repository: Repository, path: str, data: bytes | str) -> tuple[SourceFile, list[Event]]:
    (repository.root / path).write_bytes(data.encode() if isinstance(data, str) else data)
    file = read_file(repository.root, path)
    assert isinstance(file, SourceFile), file
    return file, parse_file(file)


def extracting_processes() -> list[str]:
    """Numbers of this one's processes for PDF files."""
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    return [line.split()[0] for line in listed.splitlines() if "pdf_pages" in line]


def title_and_parser(events: list[Event]) -> tuple[str, str]:
    details = events[0].details
    assert isinstance(details, SeenDetails)
    assert details.file is not None
    return details.title, details.file.parser


def pdf(*pages: str, title: str = "") -> bytes:
    """A small PDF file, written by hand."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Title (%s) >>" % title.encode()]
    kids = []
    for page in pages:
        lines = " T* ".join(f"({line}) Tj" for line in page.split("\n"))
        content = f"BT /F1 12 Tf 14 TL 72 720 Td {lines} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources "
            b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    data = io.BytesIO()
    data.write(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(data.tell())
        data.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = data.tell()
    data.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    data.writelines(b"%010d 00000 n \n" % place for place in places)
    data.write(
        b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, start)
    )
    return data.getvalue()


def notebook(*cells: dict[str, object], indent: int | None = 1) -> str:
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=indent)


def markdown(*lines: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": list(lines)}


def code(*lines: str, outputs: tuple[dict[str, object], ...] = ()) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": 7, "metadata": {}, "outputs": outputs,
            "source": list(lines)}  # fmt: skip


OUTPUTS: tuple[dict[str, object], ...] = (
    {"output_type": "stream", "text": ["\x1b[31mhot\x1b[0m\n", "hotter\n"]},
    {"output_type": "display_data", "data": {"image/png": "iVBOR" * 900, "text/plain": "Figure"}},
    {"output_type": "execute_result", "data": {"text/plain": "x\n" * 5_000}},
    {"output_type": "error", "ename": "DryError", "evalue": "no water", "traceback": ["long"]},
)
CELLS = (
    markdown("# Tea\n", "\n", "How it is made."),
    code("import kettle\n", "\n", "kettle.boil(2)"),
    markdown("## Green"),
    code("steep()", outputs=OUTPUTS),
)


def test_cells_of_a_notebook_have_numbers_headings_and_the_lines_of_the_file(
    repository: Repository,
) -> None:
    source = notebook(*CELLS)
    file, events = read(repository, "tea.ipynb", source)
    assert title_and_parser(events) == ("Tea", "notebook")
    assert [(event.kind, event.heading) for event in events[1:5]] == [
        ("doc.section", "Tea > cell 1"),
        ("doc.code", "Tea > cell 2"),
        ("doc.section", "Tea > Green > cell 3"),
        ("doc.code", "Tea > Green > cell 4"),
    ]
    raw = source.split("\n")
    boil = events[2]
    assert boil.lines is not None
    assert boil.text.split("\n")[2] == "kettle.boil(2)"
    assert "kettle.boil(2)" in raw[boil.lines.start + 1]
    assert len(boil.text.split("\n")) == boil.lines.end - boil.lines.start + 1
    assert file.warning == ""


def test_outputs_are_short_text_without_pictures(repository: Repository) -> None:
    _, events = read(repository, "tea.ipynb", notebook(*CELLS))
    outputs = [event for event in events if event.kind == "doc.output"]
    assert [event.heading for event in outputs] == ["Tea > Green > output of cell 4"] * 3
    stream, result, error = (event.text for event in outputs)
    assert (stream, error) == ("hot\nhotter", "DryError: no water")
    assert len(result.split("\n")) == 20


def test_lines_of_a_notebook_on_one_line_stay_within_the_file(repository: Repository) -> None:
    text = "\n".join(f"line {number} of a long cell" for number in range(200))
    _, events = read(repository, "tea.ipynb", notebook(code(text), indent=None))
    spans = {chunk.anchor.lines for chunk in chunk_document(events[0], events[1:])}
    assert spans == {Lines(1, 1)}


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        ('{"cells": [{"cell_type": "code", "sour', "no valid notebook"),
        ("[1, 2]", "no valid notebook"),
        ('{"worksheets": []}', "old notebook format"),
        ('{"cells": [{"cell_type": "code", "source": [1]}]}', "no valid notebook"),
        ("[" * 100_000, "no valid notebook"),
        ('{"cells":' + "[" * 100_000, "no valid notebook"),
        ("", "no valid notebook"),
    ],
)
def test_a_broken_notebook_is_text_with_a_warning(
    repository: Repository, data: str, warning: str
) -> None:
    file, events = read(repository, "tea.ipynb", data)
    assert file.warning == f"{warning}; read as plain text"
    assert title_and_parser(events)[1] == "text"


def test_pages_of_a_pdf_file(repository: Repository) -> None:
    data = pdf("First page . . . . . . . 1\nabout tea", "", "Third page", title="Tea")
    file, events = read(repository, "tea.pdf", data)
    assert title_and_parser(events) == ("Tea", "pdf")
    assert [(event.heading, event.text, event.lines) for event in events[1:]] == [
        ("page 1", "First page … 1\nabout tea", None),
        ("page 3", "Third page", None),
    ]
    assert file.warning == ""


def test_modules_of_the_folder_one_stands_in_are_not_imported(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.root / "pypdf.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(repository.root)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert "Tea" in extract_pdf(pdf("Tea")).text


def test_small_files_share_a_process_and_a_broken_one_ends_it() -> None:
    with closing(PdfExtractors()) as extractors:
        assert extractors.extract(pdf("Tea")).text == "Tea"
        first = extracting_processes()
        assert extractors.extract(pdf("Coffee")).text == "Coffee"
        assert len(first) == 1
        assert extracting_processes() == first
        assert extractors.extract(b"%PDF-1.4 no more").warning
        assert extracting_processes() == []
        assert extractors.extract(pdf("Water")).text == "Water"
    assert extracting_processes() == []


def test_extracted_text_is_redacted(repository: Repository) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7" * 8
    rest = "Zm9vYmFyYmF6cXV4" * 8 + "\n-----END RSA PRIVATE KEY-----"
    token = f"token = '{TOKEN}'"
    page = f"<title>{token}</title><p>Words enough to be a page of its own, and a {token}.</p>"
    for path, data in (
        ("a.pdf", pdf(token, key, rest + "\nafter", title=token)),
        ("a.ipynb", notebook(markdown(f"# {token}"), code(token + "\n", "more"))),
        ("a.html", page),
    ):
        file, events = read(repository, path, data)
        told = json.dumps([[event.text, event.heading, str(event.details)] for event in events])
        assert file.secrets >= 2
        assert TOKEN not in told
        assert "MIIEow" not in told and "Zm9vYmFy" not in told
    _, events = read(repository, "a.pdf", pdf("one", key, rest + "\nafter"))
    assert events[-1].heading == "page 3"  # a key over two pages leaves their numbers alone
    assert events[-1].text == "after"


def test_pdf_files_that_cannot_be_read_are_a_warning(repository: Repository) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf("secret tea"))))
    writer.encrypt("x" * 12, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    whole = pdf("First", "Second")
    for data, warning in (
        (locked.getvalue(), "encrypted"),
        (b"%PDF-1.4\nnothing else", "cannot be read"),
        (pdf(""), "without text"),
        (whole[:40], "cannot be read"),
    ):
        file, events = read(repository, "tea.pdf", data)
        assert warning in file.warning
        assert len(events) == 1


def test_a_pdf_bomb_is_bounded(repository: Repository) -> None:
    packed = zlib.compress(b"(boom) Tj " * 20_000_000, 9)
    head = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed)
    data = pdf("x").replace(b"<< /Length 46 >>\nstream\n", head)
    start = data.index(b"BT /F1")
    data = data[:start] + packed + data[data.index(b"\nendstream", start) :]
    started = time.monotonic()
    found = extract_pdf(data, seconds=5)
    assert found.warning
    assert time.monotonic() - started < 20


@pytest.mark.slow
def test_what_was_read_before_the_time_was_over_stays() -> None:
    found = extract_pdf(pdf("First page", *("tea\n" * 200_000 for _ in range(9))), seconds=10)
    assert found.warning.startswith("longer than 10 s; ")
    assert found.text.startswith("First page")


PAGE = """\
<!DOCTYPE html>
<html><head><title>Tea &amp; more</title><style>p { color: red }</style></head>
<body>
<nav><a href="/">Home</a></nav>
<h1><a name="tea">Tea</a></h1>
<p>Tea is a drink that is made
with <b>hot</b> water.</p>
Loose words.
<h2>Green<a class="headerlink" href="#green">¶</a></h2>
<ul><li>Two minutes</li>
<li>Not more</li></ul>
<pre>
boil()
  steep()</pre>
<script>alert("no")</script>
<table><tr><td>a</td><td>b</td></tr></table>
<footer>Copyright</footer>
</body></html>
"""


def test_a_web_page_has_headings_and_lines_and_no_navigation(repository: Repository) -> None:
    _, events = read(repository, "tea.html", PAGE)
    assert title_and_parser(events) == ("Tea & more", "html")
    assert [(event.heading, event.lines) for event in events[1:]] == [
        ("Tea", Lines(5, 8)),
        ("Tea > Green", Lines(9, 16)),
    ]
    first, second = (event.text for event in events[1:])
    assert first == "Tea\nTea is a drink that is made with hot water.\nLoose words."
    assert second == "Green\n- Two minutes\n- Not more\nboil()\n  steep()\n| a\n| b"


def test_the_main_part_is_taken_where_the_page_says_it() -> None:
    page = b"<body><div>Around</div><main><p>" + b"Inside of it. " * 9 + b"</p></main></body>"
    assert "Around" not in extract_web_page(page).text


def test_long_sections_are_cut_where_blocks_end(repository: Repository) -> None:
    page = "<h1>Tea</h1>\n" + "".join(f"<p>Paragraph {n}, {'word ' * 60}</p>\n" for n in range(9))
    _, events = read(repository, "tea.html", page)
    assert len(events) == 6
    assert [event.lines for event in events[1:3]] == [Lines(1, 3), Lines(4, 5)]


@pytest.mark.parametrize(
    "page", ["{% extends 'base' %}<p>" + "word " * 30, "<p v-if='x'>" + "w " * 40, "<br>"]
)
def test_templates_and_empty_pages_are_text(repository: Repository, page: str) -> None:
    file, events = read(repository, "tea.html", page)
    assert (title_and_parser(events)[1], file.text, file.warning) == ("text", page, "")


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 150_000 + b"x" * 100,
        b"<!--" * 250_000,
        b"<" * 1_000_000,
        b"<p>" + b"&amp;" * 200_000,
        b"<p>\0hello\0" * 20_000,
        b"<b>hello there " * 70_000,
        b"",
    ],
)
def test_odd_pages_are_bounded(page: bytes) -> None:
    started = time.process_time()
    extract_web_page(page)
    assert time.process_time() - started < 5


def test_a_page_nested_too_deeply_says_so() -> None:
    assert "nested too deeply" in extract_web_page(b"<b>hello there " * 70_000).warning


def stamps(changes: FileChanges) -> dict[str, str]:
    return dict(changes.changed) | dict(changes.restamped)


def test_without_the_extras_what_they_would_read_is_told(
    repository: Repository, without_libraries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, data in (("tea.pdf", pdf("tea" * 400_000)), ("tea.html", PAGE.encode())):
        (repository.root / path).write_bytes(data)
        os.utime(repository.root / path, (1_600_000_000, 1_600_000_000))
    before = file_changes(repository, {})
    assert before.skipped == {"needs verdigris[pdf]": 1}
    assert list(before.changed) == ["tea.html"]
    assert read_file(repository.root, "tea.pdf") == Skipped("tea.pdf", "needs verdigris[pdf]")
    file = read_file(repository.root, "tea.html")
    assert isinstance(file, SourceFile)
    assert title_and_parser(parse_file(file)) == ("tea.html", "html without verdigris[html]")
    monkeypatch.undo()
    extraction._has.cache_clear()  # both are installed now, and both files are read anew
    after = file_changes(repository, stamps(before))
    assert (sorted(after.changed), dict(after.skipped)) == (["tea.html", "tea.pdf"], {})


def test_files_with_pictures_may_be_larger(repository: Repository) -> None:
    picture: dict[str, object] = {
        "output_type": "display_data",
        "data": {"image/png": "i" * 60_000},
    }
    (repository.root / "tea.ipynb").write_text(notebook(code("tea()", outputs=(picture,))))
    (repository.root / "tea.md").write_text("i" * 60_000)
    (repository.root / "tea.pdf").write_bytes(b"not what its name says\0")
    assert isinstance(read_file(repository.root, "tea.ipynb", 10_000), SourceFile)
    assert read_file(repository.root, "tea.ipynb", 1_000) == Skipped("tea.ipynb", "too large")
    assert read_file(repository.root, "tea.md", 10_000) == Skipped("tea.md", "too large")
    assert read_file(repository.root, "tea.pdf") == Skipped("tea.pdf", "binary")
