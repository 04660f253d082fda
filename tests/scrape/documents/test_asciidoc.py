"""AsciiDoc → sections under their title paths."""

from __future__ import annotations

import time

import pytest

from verdigris.records import Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.parsers import parse_file

GUIDE = """\
= The {product} Guide
Ada <ada@example.org>
:product: Kettle
:toc:

Words of the preamble.

== Install on {Product} {unknown}

[source,sh]
----
== not a title
----

.A block's title
====
=== nor this
====

=== Deeper link:x.html[into it] ===

|===
|== a cell
|===

Old style
---------

```sh
== nor in a fence
```

--
an open block
--

== Last
"""


def read(path: str, text: str) -> list[Event]:
    return parse_file(SourceFile(path, text, "v1"))


def test_titles_make_sections_with_attributes_filled_in() -> None:
    seen, *sections = read("guide.adoc", GUIDE)
    assert isinstance(seen.details, SeenDetails)
    assert seen.details.file is not None
    assert (seen.details.kind, seen.details.file.parser) == ("doc", "asciidoc")
    top = "The {product} Guide"  # an attribute counts from where it is set
    assert [section.heading for section in sections] == [
        top,
        f"{top} > Install on Kettle {{unknown}}",
        f"{top} > Install on Kettle {{unknown}} > Deeper into it",
        f"{top} > Old style",
        f"{top} > Last",
    ]
    assert sections[1].lines == Lines(8, 18)


def test_every_line_is_in_one_section() -> None:
    lines = GUIDE.split("\n")
    covered = [
        number
        for event in read("guide.asciidoc", GUIDE)[1:]
        if event.lines
        for number in range(event.lines.start, event.lines.end + 1)
    ]
    assert len(covered) == len(set(covered))
    assert {n for n, line in enumerate(lines, start=1) if line.strip()} <= set(covered)


def test_a_block_that_is_never_closed_hides_the_rest_of_the_titles() -> None:
    assert len(read("a.adoc", "== One\n\n----\n== Two\n")) == 2


def test_a_document_without_titles_has_the_name_of_its_file() -> None:
    seen, section = read("docs/notes.adoc", "just words\n")
    assert isinstance(seen.details, SeenDetails)
    assert (seen.details.title, section.text) == ("notes.adoc", "just words")


@pytest.mark.parametrize("line", ["= " + "x" * 100_000, ":" * 50_000, "{a" * 50_000, "<<" * 50_000])
def test_no_line_is_slow(line: str) -> None:
    started = time.process_time()
    read("a.adoc", f"{line}\n" * 5)
    assert time.process_time() - started < 2
