"""Reads a repository's history into events: one document for each commit.

Method: one `git log --raw` for all commits that the cursor does not reach; renames and copies
as git's own similarity detection finds them (-C).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from verdigris.errors import QueryError
from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    CommitDetails,
    Event,
    FileChange,
    MessageParts,
    Moment,
    SeenDetails,
)
from verdigris.scrape.git.commit_message import read_message
from verdigris.scrape.git.history_position import (
    HistoryPosition,
    Tag,
    digest,
    history_position,
    read_tags,
    shallow_boundary,
)
from verdigris.scrape.git.moments import moment_text, release_of, rewrite_of
from verdigris.scrape.repository import Repository, git_fields, git_output, git_succeeds
from verdigris.scrape.secrets import redact

__all__ = [
    "BULK_FILES",
    "HistoryPosition",
    "branch_documents",
    "commits_behind",
    "gone_commits",
    "history_position",
    "read_commits",
]

BULK_FILES = 50
"""A commit of more files than this says little about any two of them, and is marked 'bulk'."""

RENAME_LIMIT = 400
"""Above this many candidates git only finds renames of unchanged content: the rest is quadratic."""

_BOT = re.compile(
    r"\[bot\]|[-_ ]bot$|^(dependabot|renovate|github-actions|pre-commit-ci|greenkeeper|mergify"
    r"|imgbot|pyup|snyk|semantic-release|allcontributors|codecov|weblate|transifex)\b",
    re.IGNORECASE,
)
_HEADER = "%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%B"
_HEADER_FIELDS = 7


def read_commits(repository: Repository, cursor: str, position: HistoryPosition) -> Iterator[Event]:
    """The commits reachable from `position` and not from `cursor`, oldest first; then releases
    that no branch holds.

    cursor: the encoded position of the last reading, '' for the first. Each commit gives a
    `document.seen` event and, unless its message is empty, a `commit.message` event; a tag's
    message is a `commit.tag` event, and what makes it memorable a `commit.moment`. Commits whose
    tags changed since are given again, as a new version. The message is redacted; bytes that are
    no text in the commit's declared encoding are replaced. Raises RepositoryError when git
    fails, for example on a damaged object.
    """
    if position.encode() == cursor:
        return
    old = _comparable(HistoryPosition.decode(cursor), position)
    decorations = _Decorations(read_tags(repository), shallow_boundary(repository))
    known = _existing(repository, old.tips)
    seen = set()
    for commit in _log(repository, position.tips, exclude=known):
        seen.add(commit.sha)
        yield from _commit_events(repository, commit, decorations)
    retagged = {sha for sha, _ in position.tagged.items() ^ old.tagged.items()} - seen
    again = _reachable(repository, retagged, position.tips, _release_commits(decorations.tags))
    for commit in _log(repository, again, walk=False):
        yield from _commit_events(repository, commit, decorations)


def gone_commits(
    repository: Repository, cursor: str, position: HistoryPosition, known: Iterable[str]
) -> Iterator[Event]:
    """A `document.gone` event for each commit that `cursor` reached and `position` does not.

    known: the commit documents (`commit:SHA`) read so far. They are only looked at where a tag
    went, or git has already thrown away the old tips and cannot say what they reached.
    """
    old = HistoryPosition.decode(cursor)
    untagged = old.tagged.keys() - position.tagged.keys()
    if set(old.tips) <= set(position.tips) and not untagged:
        return
    existing = _existing(repository, old.tips)
    gone = _revisions(repository, existing, exclude=position.tips)
    if untagged or len(existing) < len(old.tips):
        present = frozenset(_revisions(repository, position.tips))
        gone += [sha for sha in map(_sha, known) if sha not in present]
    releases = _release_commits(read_tags(repository))
    for sha in dict.fromkeys(gone):
        if sha not in releases:
            yield Event(kind=DOCUMENT_GONE, document=f"commit:{sha}", version=sha, commit=sha)


def commits_behind(repository: Repository, cursor: str) -> int:
    """How many commits the history has that the cursor has not."""
    position = history_position(repository)
    if position.encode() == cursor:
        return 0
    old = _comparable(HistoryPosition.decode(cursor), position)
    known = _existing(repository, old.tips)
    lines = _selection(position.tips, known)
    return int(git_output(repository.root, "rev-list", "--count", "--stdin", stdin=lines))


def branch_documents(repository: Repository, branch: str) -> frozenset[str]:
    """The documents of a branch: its commits as `commit:SHA`, and the paths of its files.

    branch: a local branch, or else anything git resolves to a commit (`origin/main`, a tag).
    Raises QueryError where there is none.
    """
    tip = _branch_tip(repository, branch)
    if not tip:
        raise QueryError(f"there is no branch {branch!r} here; see: git branch --all")
    listing = git_output(repository.root, "ls-tree", "-r", "-z", "--full-tree", "--name-only", tip)
    paths = listing.decode("utf-8", errors="replace").split("\0")
    commits = [f"commit:{sha}" for sha in _revisions(repository, [tip])]
    return frozenset(chain(filter(None, paths), commits))


@dataclass(frozen=True, slots=True)
class _RawCommit:
    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    authored: str
    committed: str
    message: str
    files: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class _Decorations:
    """What is known of commits besides the commits themselves."""

    tags: Mapping[str, tuple[Tag, ...]]
    boundary: frozenset[str]
    """Commits of a shallow clone whose parents are missing."""


def _commit_events(
    repository: Repository, commit: _RawCommit, decorations: _Decorations
) -> Iterator[Event]:
    tags = decorations.tags.get(commit.sha, ())
    cut_off = commit.sha in decorations.boundary
    message = redact(commit.message).text.strip()
    parts, moments = read_message(message), _moments(repository, commit, tags, cut_off)
    document = f"commit:{commit.sha}"
    version = _version(commit.sha, tags, cut_off, (parts, moments))

    def event(kind: str, text: str = "", details: SeenDetails | None = None) -> Event:
        return Event(
            kind=kind,
            document=document,
            version=version,
            text=text,
            time=commit.committed,
            commit=commit.sha,
            details=details,
        )

    about = CommitDetails(
        sha=commit.sha,
        author=commit.author,
        email=commit.email,
        authored=commit.authored,
        committed=commit.committed,
        parents=commit.parents,
        files=commit.files,
        tags=tuple(tag.name for tag in tags),
        marks=_marks(commit, cut_off),
        message=parts,
        moments=moments,
    )
    yield event(DOCUMENT_SEEN, details=SeenDetails("commit", _subject(message), commit=about))
    if message:
        yield event("commit.message", message)
    for tag in tags:
        if tag.message:
            yield event("commit.tag", f"{tag.name}: {redact(tag.message).text}")
    if moments:
        day = commit.committed[:10]
        yield event("commit.moment", "\n".join(moment_text(moment, day) for moment in moments))


def _moments(
    repository: Repository, commit: _RawCommit, tags: Iterable[Tag], cut_off: bool
) -> tuple[Moment, ...]:
    releases = [release_of(tag.name) for tag in tags]
    found = [release for release in releases if release]
    if not commit.parents and not cut_off:
        found.append(Moment("first commit"))
    elif len(commit.parents) == 1 and len(commit.files) > BULK_FILES and not cut_off:
        before = _count_files(repository, commit.parents[0])
        found += filter(None, [rewrite_of(commit.files, before)])
    return tuple(dict.fromkeys(found))


def _count_files(repository: Repository, sha: str) -> int:
    listing = git_output(repository.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", sha)
    return listing.count(b"\0")


def _marks(commit: _RawCommit, cut_off: bool) -> tuple[str, ...]:
    found = {
        "merge": len(commit.parents) > 1,
        # Beyond a shallow boundary every file looks new: not a real change.
        "bulk": cut_off or len(commit.files) > BULK_FILES,
        "bot": bool(_BOT.search(commit.author) or "[bot]" in commit.email),
    }
    return tuple(mark for mark, applies in found.items() if applies)


def _version(
    sha: str,
    tags: tuple[Tag, ...],
    cut_off: bool,
    told: tuple[MessageParts, tuple[Moment, ...]],
) -> str:
    """The hash itself, or a digest where there is more to tell than git's plain commit."""
    if not tags and not cut_off and told == (MessageParts(), ()):
        return sha
    labels = (f"{tag.name} {tag.object_id}" for tag in tags)
    return digest(sha, str(cut_off), *labels, repr(told))[:40]


def _subject(message: str) -> str:
    """The first paragraph on one line, as git's own %s."""
    return " ".join(message.split("\n\n", 1)[0].split("\n"))


def _log(
    repository: Repository, include: Iterable[str], exclude: Iterable[str] = (), walk: bool = True
) -> Iterator[_RawCommit]:
    selection = _selection(include, exclude)
    if not selection:
        return
    # Inexact renames need file contents, which a partial clone would have to fetch.
    similarity = "-C100%" if _is_partial(repository) else "-C"
    arguments = (
        "-c",
        "log.showRoot=true",
        "-c",
        "log.showSignature=false",
        "log",
        *(("--date-order", "--reverse") if walk else ("--no-walk=unsorted",)),
        "--stdin",
        "--raw",
        "-z",
        similarity,
        f"-l{RENAME_LIMIT}",
        "--no-abbrev",
        "--no-decorate",
        "--no-notes",
        "--no-ext-diff",
        "--ignore-submodules=none",
        "--encoding=UTF-8",
        f"--format=tformat:{_HEADER}",
    )
    yield from _parse_log(git_fields(repository.root, arguments, selection))


def _parse_log(fields: Iterator[bytes]) -> Iterator[_RawCommit]:
    """Commits from the fields of `git log --raw -z`; a field ahead tells files from headers."""
    ahead = next(fields, None)
    while ahead is not None:
        header = [ahead, *(next(fields, b"") for _ in range(_HEADER_FIELDS - 1))]
        files = []
        while (ahead := next(fields, None)) is not None and ahead.lstrip(b"\n").startswith(b":"):
            files.append(_file_change(ahead, fields))
        sha, parents, author, email, authored, committed, message = map(_text, header)
        yield _RawCommit(
            sha=sha,
            parents=tuple(parents.split()),
            author=author,
            email=email,
            authored=_utc(authored),
            committed=_utc(committed),
            message=message.replace("\r\n", "\n"),
            files=tuple(files),
        )


def _file_change(entry: bytes, fields: Iterator[bytes]) -> FileChange:
    """One entry such as `:100644 100644 OLD NEW R087`, with its one or two paths."""
    status = chr(entry.split()[-1][0])
    path = _text(next(fields, b""))
    if status in "RC":
        return FileChange(path=_text(next(fields, b"")), status=status, old_path=path)
    return FileChange(path=path, status=status)


def _text(field_: bytes) -> str:
    return field_.decode("utf-8", errors="replace")


def _utc(timestamp: str) -> str:
    """Seconds since 1970 as ISO 8601; '' for what no calendar holds."""
    try:
        return datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _comparable(old: HistoryPosition, new: HistoryPosition) -> HistoryPosition:
    """The old position, or the beginning where all commits must be read again.

    Deepening a clone adds commits below the old tips, which the tips alone would hide; and an
    older verdigris read less of each commit.
    """
    same = (old.boundary, old.reader) == (new.boundary, new.reader)
    return old if same else HistoryPosition()


def _existing(repository: Repository, commits: Iterable[str]) -> list[str]:
    """Those commits that git still has; `git gc` removes what no branch reaches."""
    wanted = _lines(commits)
    if not wanted:
        return []
    answers = git_output(repository.root, "cat-file", "--batch-check", stdin=wanted)
    rows = [line.split() for line in _text(answers).splitlines()]
    return [row[0] for row in rows if row[1] == "commit"]


def _reachable(
    repository: Repository, commits: Iterable[str], tips: Iterable[str], also: frozenset[str]
) -> list[str]:
    """Those that the tips reach, or that are to be taken anyway."""
    existing = _existing(repository, sorted(commits))
    outside = set(_revisions(repository, existing, exclude=tips)) - also
    return [sha for sha in existing if sha not in outside]


def _release_commits(tags: Mapping[str, tuple[Tag, ...]]) -> frozenset[str]:
    """Tagged releases: read also where no local branch holds them, as after a plain clone."""
    return frozenset(sha for sha, found in tags.items() if any(release_of(t.name) for t in found))


def _revisions(
    repository: Repository, include: Iterable[str], exclude: Iterable[str] = ()
) -> list[str]:
    selection = _selection(include, exclude)
    if not selection:
        return []
    return _text(git_output(repository.root, "rev-list", "--stdin", stdin=selection)).split()


def _selection(include: Iterable[str], exclude: Iterable[str]) -> bytes:
    """Lines for --stdin, which has no limit of length; b'' where nothing is included."""
    included = _lines(include)
    return included + _lines(f"^{tip}" for tip in exclude) if included else b""


def _lines(values: Iterable[str]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _branch_tip(repository: Repository, branch: str) -> str:
    for name in (f"refs/heads/{branch}", branch):
        query = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if git_succeeds(repository.root, *query):
            return git_output(repository.root, *query).decode().split()[-1]
    return ""


def _is_partial(repository: Repository) -> bool:
    pattern = r"^(extensions\.partialclone|remote\..*\.promisor)$"
    return git_succeeds(repository.root, "config", "--get-regexp", pattern)


def _sha(document: str) -> str:
    return document.removeprefix("commit:")
