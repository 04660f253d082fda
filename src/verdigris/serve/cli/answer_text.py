"""Answers as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from verdigris.answers import Answer, Hit, IssueFacts, Passage
from verdigris.serve.cli.anchor_text import anchor_lines
from verdigris.serve.cli.console import crop, crop_heading, issue_name, one_line, plural, wrapped
from verdigris.serve.cli.excerpt import excerpt
from verdigris.serve.cli.index_text import state_text
from verdigris.serve.cli.places import Places

_INDENT = "    "
_SHORT_HASH = 10
_COMMITS_SHOWN, _FILES_SHOWN = 3, 5
_GAP = 2
_MIN_NAME = 12
"""Columns below which a name beside its place is not worth showing."""


@dataclass(frozen=True, slots=True)
class Page:
    """How an answer is laid out."""

    places: Places
    width: int
    explain: bool = False
    footer: bool = True


def answer_text(answer: Answer, page: Page) -> str:
    """Numbered hits, each with its place and best passage, and the state of the index."""
    blocks = [
        "\n".join(_hit_lines(number, hit, answer.query, page))
        for number, hit in enumerate(answer.hits, start=1)
    ]
    if not blocks:
        blocks = [_nothing_found(answer)]
    if page.footer:
        count = plural(len(answer.hits), "result")
        footer = f"{count} in {answer.seconds:.2f} s\n{state_text(answer.state)}"
        blocks.append(click.style(footer, dim=True))
    return "\n\n".join(blocks)


def _nothing_found(answer: Answer) -> str:
    if not answer.state.chunks:
        return "Nothing is indexed here yet. Index this repository: verdigris scrape"
    return "Nothing found. Try other words or fewer filters."


def _hit_lines(number: int, hit: Hit, question: str, page: Page) -> list[str]:
    width = page.width - len(_INDENT)
    lines = _head_lines(number, hit, page)
    if hit.passages:
        text = _without_title(hit)
        lines += [_INDENT + line for line in excerpt(text, question, width, hit.kind != "code")]
    if hit.files:
        lines.append(_INDENT + click.style(_files_text(hit.files, page, width), dim=True))
    others = [one for one in hit.passages[1:] if one_line(one.text) != one_line(hit.title)]
    lines += [_INDENT + _also(hit, passage, page, width) for passage in others]
    if hit.issue:
        lines += _issue_lines(hit.issue, page, width)
    lines += [_INDENT + line for line in anchor_lines(hit.anchors, page.places, width)]
    if page.explain:
        lines += [
            click.style(wrapped(_INDENT + told, page.width), fg="green") for told in _why(hit)
        ]
    return lines


def _why(hit: Hit) -> Iterator[str]:
    """What the lanes say of a hit, and which features gave a file its place."""
    told = [f"{p.lane} #{p.rank} ({p.score:.3f})" for p in hit.lanes]
    if hit.demoted:
        told.append(f"× {hit.demoted.factor} as {hit.demoted.what}")
    yield f"score {hit.score:.4f} = {' · '.join(told)}"
    if hit.reasons:
        reasons = (f"{one.feature} {one.weight:+.2f}" for one in hit.reasons)
        yield f"placed by {' · '.join(reasons)}"


def _head_lines(number: int, hit: Hit, page: Page) -> list[str]:
    """Number, place, name, and what is known of it; what has no room gets its own line."""
    place = page.places.shown(hit.path, hit.lines) if hit.path else _pathless(hit)
    facts = " · ".join(fact for fact in _facts(hit) if fact)
    start = f"{number:2}. {click.style(place, fg='cyan', bold=True)}"
    told = click.style(facts, dim=True)
    room = page.width - len(f"{number:2}. {place}    {facts}")
    name = one_line(_name(hit))
    shorten = crop_heading if hit.kind == "doc" else crop
    if name and room >= _MIN_NAME:
        return [f"{start}  {click.style(shorten(name, room), bold=True)}  {told}"]
    head = [f"{start}  {told}"] if room >= -_GAP else [start, _INDENT + told]
    below = click.style(shorten(name, page.width - len(_INDENT)), bold=True)
    return [*head, _INDENT + below] if name else head


def _pathless(hit: Hit) -> str:
    if hit.kind == "session":  # `transcript:claude/8c35adc1-9f…/0003`
        agent = hit.document.removeprefix("transcript:").partition("/")[0]
        return f"transcript {agent} {hit.session[:_SHORT_HASH]}"
    return issue_name(hit.document) if hit.kind == "issue" else f"commit {_commit(hit)}"


def _issue_lines(issue: IssueFacts, page: Page, width: int) -> list[str]:
    """Where to read an issue, the commits that belong to it, and their files."""
    lines = [one_line(issue.url)] if issue.url else []
    for commit in issue.commits[:_COMMITS_SHOWN]:
        subject = one_line(commit.subject)
        lines.append(crop(f"{commit.how}: commit {commit.sha[:_SHORT_HASH]} {subject}", width))
    if issue.files:
        lines.append(_files_text(issue.files, page, width))
    return [_INDENT + click.style(line, dim=True) for line in lines]


def _files_text(files: Sequence[str], page: Page, width: int) -> str:
    """`files: a.py, b.py and 3 more`: as many as a line holds."""
    shown = [page.places.shown(path) for path in files[:_FILES_SHOWN]]
    while True:
        more = len(files) - len(shown)
        text = f"files: {', '.join(shown)}" + (f" and {more:,} more" if more else "")
        if len(text) <= width or len(shown) <= 1:
            return crop(text, width)
        shown.pop()


def _name(hit: Hit) -> str:
    """What the best passage is called, if that says more than its path."""
    block = hit.passages[0].heading if hit.passages else ""
    if hit.kind == "session" and not block.startswith(hit.title):
        return f"{hit.title} > {block}" if block else hit.title
    name = hit.symbol or (block if hit.kind in ("doc", "session") and block else hit.title)
    return "" if hit.path.endswith(name) else name


def _facts(hit: Hit) -> tuple[str, ...]:
    day = hit.time[:10]
    if hit.kind == "commit":
        return (one_line(hit.author), day, *map(one_line, hit.moments))
    if hit.issue:
        return (one_line(hit.issue.state), one_line(hit.issue.author), day)
    return (hit.kind, _commit(hit) or "no commit", day)


def _commit(hit: Hit) -> str:
    return hit.commit[:_SHORT_HASH]


def _without_title(hit: Hit) -> str:
    """The best passage, without a title that stands in the head; who wrote a comment."""
    text = hit.passages[0].text
    if hit.kind in ("commit", "issue") and text.startswith(hit.title):
        return text[len(hit.title) :]
    heading = hit.passages[0].heading
    return f"{heading}: {text}" if hit.kind == "issue" and heading else text


def _also(hit: Hit, passage: Passage, page: Page, width: int) -> str:
    where = f"also {page.places.shown(hit.path, passage.lines)}" if hit.path else "also"
    name = one_line(passage.symbol or passage.heading or passage.text)
    if hit.kind == "issue" and passage.heading:  # it says who speaks, not of what
        name = one_line(f"{passage.heading}: {passage.text}")
    room = max(width - len(where) - 2, _MIN_NAME)
    shorten = crop_heading if hit.kind == "doc" else crop
    return click.style(crop(f"{where}  {shorten(name, room)}", width), dim=True)
