"""Takes what verdigris itself printed out of a text, so that it is not read back as new knowledge.

Nothing marks it, and it may have been wrapped anew, boxed, quoted or coloured. Two things give it
away: the frame that the commands print (heads of results, measures, footers), and that everything
else in it is known word by word. A paragraph that is known by four fifths goes without any frame,
too: quoted once more, it says nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

IsKnown = Callable[[Sequence[str]], bool]
"""Whether words, in lower case, stand in this order in what is indexed."""

WINDOW = 12
"""Words that are looked up together."""
_FEWEST = 5
_MOST_WINDOWS = 8
_ENOUGH, _ENOUGH_FRAMED = 0.8, 0.6
_LONGEST_BLOCK = 20_000

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BOX = re.compile(r"[\u2500-\u259f]")
_QUOTE = re.compile(r"^[ \t]*(?:[>|][ \t]?)+", re.MULTILINE)
_EDGE = re.compile(r"[ \t]*\|[ \t]*$", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_WORD = re.compile(r"[^\W_]+")
_JSON = re.compile(
    r'"schema_version"\s*:\s*\d+\s*,\s*"(?:query|target|path|session|sessions|scraped|root|agents'
    r'|staged|index|used|taken_back|answer)"'
)
_LEFTOVER = re.compile(r"|[`~]{3,}\w*|(?:\S+, defined in )?[\w.-]*[/.][\w./-]*\w")
"""A code fence, or a path, which the commands print above what belongs to it."""
_PLACE = r"[^\s:]+:\d+(?:-\d+)?"
_COUNT = r"[\d,]+ \w+(?: files?\b(?! by))?"
_FRAMES = re.compile(
    "|".join(
        (
            r"\b\d+\. (?:\S+ ){1,40}?(?:code|doc|session|issue) · (?:[0-9a-f]{7,}|no commit)"
            r"(?: · \d{4}-\d\d-\d\d)?",
            r"\b\d+\. commit [0-9a-f]{7,} (?:\S+ ){0,40}?· \d{4}-\d\d-\d\d",
            r"\b\d+\. (?:issue|pr|discussion) #\d+ (?:\S+ ){0,40}?(?:open|closed|merged) · ",
            rf"\balso {_PLACE}",
            r"\bscore \d+\.\d{4} = (?:[\w-]+ #\d+ \(-?\d+\.\d+\)(?: · )?)+"
            r"(?:× 0\.\d+ as (?:change log|no test|\w+))?",
            r"\bplaced by (?:[\w -]{1,60}? [+-]?\d+\.\d\d(?: · )?)+",
            r"\b\d[\d,]* results? in \d+\.\d\d s\b",
            r"\bindex: (?:(?:up to date|behind by [^·]{1,80}) · )?[\d,]+ passages?"
            r"(?:, [\w %]{1,20} embedded(?:; the rest: verdigris scrape)?)?",
            rf"\b(?:holds|read): {_COUNT}(?:, {_COUNT})*",
            r"\blog: [\d,]+ events\b",
            r"\b(?:files by parser|skipped files): [\w -]{1,60}\([\d,]+\)"
            r"(?:, [\w -]{1,60}\([\d,]+\))*",
            r"\bChanges together with its?(?: file)?, in its [\d,]+ commits?",
            r"\bcommits share weight file\b",
            rf"\bCalled from {_PLACE}(?: \S+ → \S+)?",
            rf"\bIts?(?: file)? is imported by {_PLACE}",
            rf"\bNamed in sessions {_PLACE}",
            r"\bIssues behind its commits (?:issue|pr|discussion) #\d+",
            r"\bUsually changes with the [\d,]+ staged files?, and is not staged(?: sure file)?",
            rf"(?:{_PLACE} \S+ → \S+(?: {_PLACE}| \d+ definitions)?(?: \d+ % sure)?\s?){{2,}}",
            rf"{_PLACE}(?: \S+){{0,3}} \d+ % sure\b",
            rf"{_PLACE} \S+(?: \([\w, ]{{1,200}}\))? not in the repository\b",
            rf"(?:{_PLACE}(?: [a-z]{{4,12}})? \S+\s?){{3,}}",
            r"… and [\d,]+ more: -k [\d,]+",
            r"\bNot defined here: [^\s,]+(?:, [^\s,]+)*(?: and [\d,]+ more)?",
            r"\blanguage files lines symbols(?: [a-z+#-]{1,20}(?: text)?(?: [\d,]+){3}"
            r"(?: [\d,]+ [a-z]+,?)*)*",
            r"^(?:ok|WRONG) (?:sqlite|repository|settings|disk|model|event log|index|vector cache"
            r"|vectors|nearest-neighbour files|learned|position|anchors): .*",
            r"\bid status branch minutes commits title\b",
            r"\b\d{8}-\d{6} (?:active|ended|archived|-) \S+ (?:[\d,]+|-) (?:[\d,]+|-)(?= )",
            r'\b(?:used|taken back) for "[^"]{1,400}": \S+',
            r"(?:#+ )?\bPrevious Session Context No previous session\.",
            r"\b(?:started|updated|noted in|ended|archived|resumed) session \d{8}-\d{6}:",
        )
    )
)
"""What only the commands print; on one line with single spaces."""
_MEASURES = re.compile(
    "|".join(
        (
            r"\b[\d,]+ \d+ % [\d.e+-]+ \S+(?: [0-9a-f]{10}\b)?",
            r"\b\d+ % \S+ in [\d,]+ of the [\d,]+ commits? of \S+, last [0-9a-f]{10}",
            rf"{_PLACE} \S+ \([\w, ]{{1,200}}\)",
            rf"{_PLACE}(?: \S+ → \S+)?",
            r"\b(?:drifted|gone): [^·]{1,200}? since: last [0-9a-f]{7,}",
            r"\bfresh: [^\s,]+(?:, [^\s,]+)*",
            r"\b\w+: commit [0-9a-f]{10}\b",
            r"\bfiles: [^\s,]+(?:, [^\s,]+)*(?: and [\d,]+ more)?",
            r"\S*/\S+",
            r"(?:\S+, )?\S+ at [0-9a-f]{10}\b",
            r"\(\d+ % sure\)",
        )
    )
)
"""What they print besides, and others might too."""


def without_own_output(text: str, is_known: IsKnown) -> str:
    """The text without the paragraphs that verdigris printed; '' where nothing else is left."""
    plain = _COLOUR.sub("", text)
    cleaned = _EDGE.sub("", _QUOTE.sub("", _BOX.sub(" ", plain)))
    if not _is_suspicious(cleaned):
        return text
    blocks = [block.strip("\n") for block in _BLANK.split(cleaned) if block.strip()]
    own = [is_own_output(block, is_known) for block in blocks]
    for places in (range(len(blocks)), reversed(range(len(blocks)))):
        for at in places:
            if not own[at] and any(own[max(at - 1, 0) : at + 2]):
                own[at] = _goes_along(blocks[at], is_known)
    return "\n\n".join(block for block, is_own in zip(blocks, own, strict=True) if not is_own)


def _goes_along(block: str, is_known: IsKnown) -> bool:
    """Whether a paragraph beside our output is part of it: a path, a code fence, a known line."""
    if all(_LEFTOVER.fullmatch(line.strip()) for line in block.split("\n")):
        return True
    words = [word.lower() for word in _WORD.findall(block[:_LONGEST_BLOCK])]
    return _FEWEST <= len(words) < WINDOW and is_known(words)


def is_own_output(block: str, is_known: IsKnown) -> bool:
    """Whether verdigris printed a paragraph, which was freed of quote marks and boxes."""
    line = " ".join(block[:_LONGEST_BLOCK].split())
    if _JSON.search(line):
        return True
    framed = _FRAMES.search(line) is not None
    rest = _FRAMES.sub("\0", line)
    segments = [
        [word.lower() for word in _WORD.findall(segment)]
        for segment in (_MEASURES.sub("\0", rest) if framed else rest).split("\0")
    ]
    told = sum(map(len, segments))
    if not framed:
        return told >= WINDOW and _is_known_by(_ENOUGH, segments, is_known)
    return told < _FEWEST or _is_known_by(_ENOUGH_FRAMED, segments, is_known)


def _is_suspicious(text: str) -> bool:
    """Whether there is anything to look up: most prompts are shorter, and have no frame."""
    return len(_WORD.findall(text[:_LONGEST_BLOCK])) >= WINDOW or (
        _FRAMES.search(" ".join(text[:_LONGEST_BLOCK].split())) is not None
    )


def _is_known_by(share: float, segments: Sequence[Sequence[str]], is_known: IsKnown) -> bool:
    """Whether that share of the words is known; what is too short to tell counts neither way."""
    windows = [window for segment in segments for window in _windows(segment)]
    looked_up = windows[:: max(len(windows) // _MOST_WINDOWS, 1)]
    may_miss = sum(map(len, looked_up)) * (1 - share)
    for window in looked_up:
        if not is_known(window):
            may_miss -= len(window)
            if may_miss < 0:
                return False
    return True


def _windows(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Words in runs of WINDOW; the last run may be shorter, but not too short to tell."""
    for start in range(0, len(words), WINDOW):
        window = words[start : start + WINDOW]
        if len(window) >= _FEWEST:
            yield window
