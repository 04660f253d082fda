"""Web pages: headings and text blocks without navigation, with the lines they have in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from verdigris.records import Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.documents.extracted import Extracted, Piece, put_together
from verdigris.scrape.documents.extraction import HTML, is_installed
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.documents.sections import (
    LONGEST_TITLE,
    Heading,
    document_event,
    seen_document,
)
from verdigris.scrape.file_content import decode
from verdigris.scrape.line_spans import split_lines, text_of, trim

if TYPE_CHECKING:
    from lxml.etree import _Element

_TEMPLATE = re.compile(r"\{%|\{\{|<%|<\?php|\b(?:ng|v)-(?:app|if|for)=")
_ENCODING = re.compile(r"^\s*<\?xml[^>]*\?>")
_LEFT_OUT = frozenset("script style template noscript svg nav footer aside button select".split())
_BLOCKS = frozenset(
    """
    address article blockquote body caption center dd details div dl dt fieldset figcaption figure
    form header hr li main ol p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MARKS = {"li": "- ", "td": "| ", "th": "| "}
_FEWEST_CHARACTERS = 50
_GROUP_CHARACTERS = 800


def extract_web_page(data: bytes) -> Extracted:
    """Title, headings and blocks of text, each with its lines in the file.

    Navigation, scripts, and what the page hides are left out; where the page says which part is
    the main one, only that is taken. Templates, and pages without text, are given back as they
    are, without parts.
    """
    decoded = decode(data)
    as_text = Extracted(decoded.text, (), decoded.warning)
    if _TEMPLATE.search(decoded.text):
        return as_text
    from lxml import etree, html

    try:
        # As text, so that neither the file's own declaration nor the system's locale decides.
        source = _ENCODING.sub(lambda head: "\n" * head[0].count("\n"), decoded.text)
        parser = html.HTMLParser(recover=True)
        root = html.document_fromstring(source or " ", parser=parser)
        pieces = list(_pieces(root))
    except (etree.LxmlError, ValueError, RecursionError, AssertionError) as error:
        warning = f"no readable HTML ({type(error).__name__}); read as plain text"
        return replace(as_text, warning=warning)
    if sum(len(piece.text) for piece in pieces if piece.kind == "block") < _FEWEST_CHARACTERS:
        return as_text
    if any("depth" in entry.message for entry in parser.error_log):
        return put_together(pieces, "nested too deeply; only what stands before that is read")
    return put_together(pieces, decoded.warning)


def _pieces(root: _Element) -> Iterator[Piece]:
    title = root.find(".//title")
    if title is not None:
        yield Piece(" ".join("".join(title.itertext()).split()), "title")
    main = root.xpath("//main | //*[@role='main']")
    body = main[0] if len(main) == 1 else root.find("body")
    yield from _Reader().read(root if body is None else body)


@dataclass(slots=True)
class _Reader:
    """Goes through a page from top to bottom and closes a piece where a block begins or ends."""

    words: list[str] = field(default_factory=list)
    start: int = 1
    line: int = 1
    level: int = 0
    """Of the heading whose words are read; 0 = none."""
    verbatim: bool = False
    """Inside <pre>, where line breaks count."""

    def read(self, body: _Element) -> Iterator[Piece]:
        """Headings ('heading', numbered by level) and blocks."""
        from lxml import etree

        walk = etree.iterwalk(body, events=("start", "end"))
        for event, element in walk:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                yield from self._open(element, tag)
                if not tag or tag in _LEFT_OUT or _is_hidden(element):
                    walk.skip_subtree()
                else:
                    self._take(element.text)
            else:
                yield from self._close(tag)
                if element is not body:
                    self._take(element.tail)
        yield from self._flush()

    def _open(self, element: _Element, tag: str) -> Iterator[Piece]:
        if tag in _BLOCKS or tag in _HEADINGS:
            yield from self._flush()
        self.line = max(self.line, element.sourceline or 0)
        self.level = _HEADINGS.get(tag, self.level)
        self.verbatim = self.verbatim or tag == "pre"
        if tag in _MARKS:
            self._take(_MARKS[tag])
        if tag == "br":
            self._take("\n" if self.verbatim else " ")

    def _close(self, tag: str) -> Iterator[Piece]:
        if tag in _BLOCKS or tag in _HEADINGS:
            yield from self._flush()
        self.level = 0 if tag in _HEADINGS else self.level
        self.verbatim = self.verbatim and tag != "pre"

    def _take(self, text: str | None) -> None:
        if not text:
            return
        if not self.words and text.strip():
            self.start = self.line + text[: len(text) - len(text.lstrip())].count("\n")
        if self.words or text.strip():
            self.words.append(text)
        self.line += text.count("\n")

    def _flush(self) -> Iterator[Piece]:
        joined = "".join(self.words)
        end = self.start + joined.strip().count("\n")
        text = joined.strip("\n") if self.verbatim else " ".join(joined.split())
        self.words.clear()
        if self.level:
            text = text.replace("¶", "").strip()[:LONGEST_TITLE]
        if any(character.isalnum() for character in text):
            kind = "heading" if self.level else "block"
            yield Piece(text, kind, self.level, Lines(self.start, max(end, self.start)))


def _is_hidden(element: _Element) -> bool:
    role = element.get("role")
    return element.get("hidden") is not None or role in ("navigation", "search", "contentinfo")


def parse_web_page(file: SourceFile) -> list[Event]:
    """Read an extracted page into `doc.section` events: the blocks below one heading, grouped.

    A group is as long as a passage, so that its lines are near those of the file.
    """
    if not any(part.kind == "block" for part in file.parts):
        return _as_text(file)
    lines = split_lines(file.text)
    title, groups = "", [_Group()]
    for part in file.parts:
        text = text_of(lines, trim(lines, part.lines) or part.lines)
        if part.kind == "title":
            title = text
            continue
        if part.kind == "heading":
            groups.append(_Group(_below(groups[-1].path, Heading(0, part.number, text))))
        elif groups[-1].size + len(text) > _GROUP_CHARACTERS:
            groups.append(_Group(groups[-1].path))
        groups[-1].add(text, part.origin)
    top = next((group.path[0].title for group in groups if group.path), "")
    events = [group.event(file) for group in groups if group.texts]
    return [seen_document(file, title or top, "html"), *events]


@dataclass(slots=True)
class _Group:
    """Blocks that make one event, below a path of headings."""

    path: tuple[Heading, ...] = ()
    texts: list[str] = field(default_factory=list)
    origins: list[Lines] = field(default_factory=list)
    size: int = 0

    def add(self, text: str, origin: Lines | None) -> None:
        self.texts.append(text)
        self.origins += [origin] if origin else []
        self.size += len(text)

    def event(self, file: SourceFile) -> Event:
        span = None
        if self.origins:
            span = Lines(min(o.start for o in self.origins), max(o.end for o in self.origins))
        heading = " > ".join(above.title for above in self.path)
        return document_event(file, "doc.section", "\n".join(self.texts), span, heading)


def _below(path: tuple[Heading, ...], heading: Heading) -> tuple[Heading, ...]:
    """The path of headings after one more."""
    return (*(above for above in path if above.level < heading.level), heading)


def _as_text(file: SourceFile) -> list[Event]:
    """A template, or a page that nothing here can extract, which the count of parsers tells."""
    seen, *content = parse_text(file)
    if is_installed(HTML) or _TEMPLATE.search(file.text):
        return [seen, *content]
    details = seen.details
    if isinstance(details, SeenDetails) and details.file:
        told = replace(details.file, parser=f"html without verdigris[{HTML.extra}]")
        seen = replace(seen, details=replace(details, file=told))
    return [seen, *content]
