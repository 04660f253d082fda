"""The frozen shapes that pass between stages: Event, Chunk, Anchor and their parts.

Times are UTC, ISO 8601 with a trailing Z and whole seconds; '' is unknown.
Documents are named by their path relative to the repository's root (POSIX separators),
`commit:SHA` with the full hash, `issue:N`, `pr:N`, `discussion:N` as the forge numbers them,
`transcript:AGENT/SESSION/PART`, or `question:ID`.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from verdigris.frozen_dataclass import dataclass

Kind = Literal["session", "commit", "doc", "code", "issue"]
KINDS: tuple[Kind, ...] = ("session", "commit", "doc", "code", "issue")

DOCUMENT_SEEN = "document.seen"
DOCUMENT_GONE = "document.gone"
QUESTION_ASKED = "question.asked"
RESULT_USED, RESULT_UNUSED = "result.used", "result.unused"
"""Of the events of a question, whose document is `question:ID`: what was asked, which of the
results helped, and what was taken back. They have no marker, so that nothing indexes them."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A span of lines, counted from 1, both ends included."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}-{self.end}" if self.end > self.start else str(self.start)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text that was extracted from a PDF file, a notebook or a web page."""

    lines: Lines
    """Its lines in the extracted text."""
    kind: str
    """'title', 'heading', 'block', 'page', 'markdown', 'raw', 'code' or 'output'."""
    number: int = 0
    """Of the page or the cell, counted from 1; of a heading its level."""
    origin: Lines | None = None
    """Its lines in the file itself; None where the file has none."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One text file as read: decoded, secrets redacted, line count kept."""

    path: str
    text: str
    version: str
    """Hex digest of the file's bytes and of the parser's version."""
    time: str = ""
    """Last modification on disk."""
    secrets: int = 0
    """How many secrets were redacted in it."""
    warning: str = ""
    """What was doubtful about its encoding, or could not be extracted; '' when nothing was."""
    parts: tuple[Part, ...] = ()
    """Where the text was extracted: what it consists of."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a commit; status is git's letter: A, M, D, R, C or T."""

    path: str
    status: str
    old_path: str = ""


@dataclass(frozen=True, slots=True)
class Trailer:
    """A fact at the end of a commit message: `Co-authored-by: Ada <ada@example.org>`."""

    key: str
    """As git spells it: the first letter capital, the rest small."""
    value: str


@dataclass(frozen=True, slots=True)
class MessageParts:
    """What a commit message says in a fixed form; conventionalcommits.org 1.0.0 for the first."""

    type: str = ""
    """'feat', 'fix', 'docs' …; '' where the subject does not begin with one."""
    scope: str = ""
    breaking: bool = False
    trailers: tuple[Trailer, ...] = ()


MomentKind = Literal["first commit", "release", "pre-release", "rewrite"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A commit that people remember; label: the version of a release, the extent of a rewrite."""

    kind: MomentKind
    label: str = ""


@dataclass(frozen=True, slots=True)
class CommitDetails:
    """What git knows of a commit besides its message."""

    sha: str
    author: str
    email: str
    authored: str
    committed: str
    parents: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()
    tags: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """Any of 'merge', 'bulk', 'bot'."""
    message: MessageParts = MessageParts()
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionDetails:
    """The head of a session log."""

    id: str
    title: str
    started: str = ""
    llm: str = ""
    branch: str = ""
    starting_commit: str = ""
    tag: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class IssueDetails:
    """What a forge knows of an issue, a pull request or a discussion besides its text."""

    number: int
    type: str = "issue"
    """'issue', 'pr' (also GitLab's merge requests) or 'discussion'."""
    state: str = ""
    """'open', 'closed' or 'merged'."""
    author: str = ""
    url: str = ""
    created: str = ""
    closed: str = ""
    labels: tuple[str, ...] = ()
    merge_commit: str = ""
    """Hash with which a pull request was merged; '' while it is not."""
    commits: tuple[str, ...] = ()
    """Hashes of a pull request's own commits; squashed or rebased, no branch may have them."""
    files: tuple[str, ...] = ()
    """Paths that a pull request changes."""
    closes: tuple[str, ...] = ()
    """Issues that a pull request closes, as the forge says: `issue:12`."""
    closed_by: tuple[str, ...] = ()
    """Pull requests that close an issue, as the forge says: `pr:45`."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module or file as the source spells it, with the names taken from it."""

    module: str
    line: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `name` is the last part of the callee (`embed` of `self.engine.embed(…)`)."""

    name: str
    line: int
    receiver: str = ""
    """What stands before it, with `.` for every joint: `self.engine`; `?` for what has no name."""
    receiver_type: str = ""
    """What the receiver is declared to be: `Kettle`, `tea.Kettle`; '' where that is not known."""


@dataclass(frozen=True, slots=True)
class FileDetails:
    """What a parser found out about a whole file."""

    language: str = ""
    parser: str = "text"
    """'tree-sitter', 'markdown', 'pdf' …, or 'text' for a file only cut into blocks."""
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    """Calls outside every symbol."""
    packages: tuple[str, ...] = ()
    """Packages or namespaces that the file belongs to; files of one see each other's symbols."""
    warning: str = ""
    """Why the parser fell back or gave up on a part; '' when it did not."""


@dataclass(frozen=True, slots=True)
class SymbolDetails:
    """A named definition in code."""

    name: str
    """Qualified within the file: `Class.method`."""
    symbol_kind: str
    """'function', 'method', 'class', 'struct', 'enum', 'trait', 'interface', 'type', …"""
    signature: str = ""
    docstring: str = ""
    calls: tuple[Call, ...] = ()
    aliases: tuple[str, ...] = ()
    """Further names that the definition itself gives, as a C type definition does."""


@dataclass(frozen=True, slots=True)
class SeenDetails:
    """The first event of every version of a document: what the document is."""

    kind: Kind
    title: str = ""
    file: FileDetails | None = None
    commit: CommitDetails | None = None
    session: SessionDetails | None = None
    issue: IssueDetails | None = None


@dataclass(frozen=True, slots=True)
class ResultDetails:
    """Where an answer showed a result that was used."""

    rank: int
    """Counted from 1; 0 for a document that the answer did not show."""


Details = SeenDetails | SymbolDetails | ResultDetails | None


@dataclass(frozen=True, slots=True)
class Event:
    """One immutable fact read from a source.

    kind: `document.seen` opens a version of a document, `document.gone` ends it; all others
    (`session.decision`, `doc.section`, `code.symbol`, `code.test`, `commit.message` …) are
    content of that version and cover disjoint parts of it.
    """

    kind: str
    document: str
    version: str
    text: str = ""
    """Whole and redacted; embedding limits do not apply here."""
    lines: Lines | None = None
    heading: str = ""
    """Heading path (`Guide > Install`), qualified symbol, or title of the block."""
    time: str = ""
    session: str = ""
    branch: str = ""
    commit: str = ""
    details: Details = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a chunk comes from."""

    document: str
    lines: Lines | None = None
    symbol: str = ""
    content_hash: str = ""
    commit: str = ""
    session: str = ""
    time: str = ""


MentionForm = Literal["path", "symbol", "commit"]
AnchorState = Literal["fresh", "drifted", "gone"]


@dataclass(frozen=True, slots=True)
class StatementAnchor:
    """What a statement of a session names, as it was then."""

    document: str
    line: int
    """Line of the session log."""
    form: MentionForm
    name: str
    """As the statement spells it."""
    commit: str
    """The commit at which the target is remembered; for a commit, the target."""
    path: str = ""
    symbol: str = ""
    lines: Lines | None = None
    """The target's lines at that commit; None for a whole file."""
    blob: str = ""
    content_hash: str = ""
    """Of the target's lines at that commit."""


@dataclass(frozen=True, slots=True)
class AgedAnchor:
    """What became of it. fresh: as it was then; drifted: it changed; gone: deleted or renamed."""

    anchor: StatementAnchor
    state: AnchorState
    now: str = ""
    """Where the target is now, as a path; '' where it is nowhere."""
    lines: Lines | None = None
    """The target's lines now."""
    added: int = 0
    removed: int = 0
    """Lines of the target that came and went since; 0 and 0 where that is not known."""
    commits: int = 0
    """Commits since that changed the target's file."""
    last_commit: str = ""
    """The newest of them."""
    last_subject: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: what is shown, what is embedded, and where it comes from."""

    anchor: Anchor
    kind: Kind
    event_kind: str
    heading: str
    text: str
    embedded_text: str
    """The text with its path and heading or symbol in front: what the model sees."""
    text_hash: bytes
    """First 16 bytes of the SHA-256 of `embedded_text`."""


@dataclass(slots=True)
class ScrapeReport:
    """What a scrape saw: counted, never silent."""

    documents: dict[str, int] = field(default_factory=dict)
    """Read documents by kind."""
    gone: int = 0
    events: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    """Files not read, by reason ('binary', 'too large', 'lock file' …)."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What else was not taken ('comments by bots' …)."""
    parsers: dict[str, int] = field(default_factory=dict)
    """Files by parser, so that 'text' fallback is visible."""
    warnings: list[str] = field(default_factory=list)
    secrets: int = 0
