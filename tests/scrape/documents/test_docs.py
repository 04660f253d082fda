"""Markdown and reStructuredText → sections under their heading paths."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from verdigris.records import Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.documents.markdown import parse_markdown
from verdigris.scrape.parsers import parse_file

GUIDE = """\
---
title: From above
tags: [a, b
---

Words before any heading.

# Guide #

Welcome. See [the site](https://example.org/#install).

## Install

```sh
# not a heading
make install
```

<!--
## Not a heading either
-->

Usage
-----

- a list
  that goes on
---

### [Deep](deep.md) `code` ##

    # indented code is no heading

#hashtag is none

Two lines
of a title
==========

    ```
"""


def read(path: str, text: str) -> list[Event]:
    return parse_file(SourceFile(path, text, "v1"))


def seen(events: list[Event]) -> SeenDetails:
    assert events[0].kind == "document.seen"
    assert isinstance(events[0].details, SeenDetails)
    return events[0].details


def headings(events: list[Event]) -> list[str]:
    return [event.heading for event in events if event.kind == "doc.section"]


def assert_covers(events: list[Event], text: str) -> None:
    """Every non-blank line is in exactly one event."""
    lines = text.split("\n")
    covered: Counter[int] = Counter()
    for event in events[1:]:
        assert event.lines is not None
        assert event.text == "\n".join(lines[event.lines.start - 1 : event.lines.end])
        covered.update(range(event.lines.start, event.lines.end + 1))
    assert set(covered.values()) <= {1}
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)


def test_sections_follow_the_headings() -> None:
    events = read("docs/guide.md", GUIDE)
    assert headings(events) == [
        "",
        "Guide",
        "Guide > Install",
        "Guide > Usage",
        "Guide > Usage > Deep `code`",
        "Two lines of a title",
    ]
    assert_covers(events, GUIDE)


def test_a_section_s_text_is_its_own_and_links_stay_as_they_are() -> None:
    events = read("docs/guide.md", GUIDE)
    guide = next(event for event in events if event.heading == "Guide")
    assert guide.text == ("# Guide #\n\nWelcome. See [the site](https://example.org/#install).")
    assert guide.lines == Lines(8, 10)
    install = next(event for event in events if event.heading == "Guide > Install")
    assert "# not a heading" in install.text
    assert "## Not a heading either" in install.text


def test_what_kind_of_document_it_is() -> None:
    details = seen(read("docs/guide.md", GUIDE))
    assert (details.kind, details.title) == ("doc", "Guide")
    assert details.file is not None
    assert (details.file.language, details.file.parser) == ("markdown", "markdown")


def test_malformed_front_matter_is_kept_as_an_event_of_its_own() -> None:
    matter = read("docs/guide.md", GUIDE)[1]
    assert (matter.kind, matter.lines) == ("doc.front_matter", Lines(1, 4))
    assert "tags: [a, b" in matter.text


def test_front_matter_that_is_never_closed_is_ordinary_text() -> None:
    text = "---\ntitle: x\n\n# Head\n"
    events = read("a.md", text)
    assert [event.kind for event in events[1:]] == ["doc.section", "doc.section"]
    assert_covers(events, text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# One\n## Two\n", "One"),
        ("<p>logo</p>\n\n## Sponsors\n", "a.md"),
        ("## Opens with it\n\ntext\n", "Opens with it"),
        ('---\ntitle: "Declared"\n---\n## Part\n', "Declared"),
        ("+++\ntitle = 'Toml'\n+++\ntext\n", "Toml"),
        ("Setext\n===\n", "Setext"),
        ("no heading at all\n", "a.md"),
        ("", "a.md"),
    ],
)
def test_title(text: str, title: str) -> None:
    assert seen(read("a.md", text)).title == title


@pytest.mark.parametrize(
    "text",
    [
        "text\n\n---\n\nmore\n",
        "- item\n  goes on\n---\n",
        "> quote\n---\n",
        "a | b\n--- | ---\n1 | 2\n",
        "~~~\n# code\n```\n# code\n~~~\n",
        "````\n```\n# code\n````\n",
        "1. step\n   ```\n   # code\n   ```\n",
        "```\n# never closed\n",
        "<!-- one\n# hidden\n-->\n",
        "<pre>\n# raw\n</pre>\n",
        "####### seven\n",
    ],
)
def test_what_looks_like_a_heading_and_is_none(text: str) -> None:
    events = read("a.md", text)
    assert headings(events) == [""]
    assert_covers(events, text)


def test_a_comment_on_one_line_hides_nothing_below_it() -> None:
    assert headings(read("a.md", "<!-- x -->\n# Seen\n")) == ["", "Seen"]


def test_an_empty_heading_is_still_a_line_of_the_document() -> None:
    text = "#\ntext\n## Part\n"
    events = read("a.md", text)
    assert headings(events) == ["", "Part"]
    assert_covers(events, text)


def test_deeper_headings_end_with_their_parent() -> None:
    text = "# A\n### B\n## C\n# D\n## E\n"
    assert headings(read("a.md", text)) == ["A", "A > B", "A > C", "D", "D > E"]


RST = """\
=======
 Title
=======

Intro.

Part
====

Text::

    Not a part
    ==========

Detail
------

----

Other part
==========
"""


def test_restructuredtext_levels_by_the_order_of_their_styles() -> None:
    events = read("docs/index.rst", RST)
    assert headings(events) == [
        "Title",
        "Title > Part",
        "Title > Part > Detail",
        "Title > Other part",
    ]
    assert seen(events).title == "Title"
    assert_covers(events, RST)


def test_restructuredtext_without_headings() -> None:
    events = read("docs/index.rst", "Only text.\n\n====\n\n== ==\na  b\n== ==\n")
    assert headings(events) == [""]
    assert seen(events).title == "index.rst"


@pytest.mark.parametrize("hostile", ["[" * 300_000, "![" * 150_000, "[a](" * 100_000])
def test_a_title_full_of_brackets_takes_no_time(hostile: str) -> None:
    started = time.monotonic()
    events = parse_markdown(SourceFile("a.md", f"# {hostile}\n\ntext\n", "v"))
    assert time.monotonic() - started < 5  # it took minutes
    assert max(len(event.heading) for event in events) <= 300
