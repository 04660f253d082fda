"""Anchor what session statements name: the path, symbol or commit as it was at that time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta

from verdigris.errors import RepositoryError
from verdigris.frozen_dataclass import dataclass
from verdigris.records import Event, Lines, SourceFile, StatementAnchor, SymbolDetails
from verdigris.scrape.git.old_content import (
    blob_texts,
    commit_before,
    files_at,
    lines_with,
    whole_hash,
)
from verdigris.scrape.mentions import Mention, mentions_in
from verdigris.scrape.repository import Repository
from verdigris.views import Facts, last_name

_HEAD = "session.started"
"""Its commit and branch are facts of the session, not statements."""
_OWN_COMMIT = timedelta(days=1)
"""A session's log is committed with its work, at most this long after its last entry."""
_SETTLED = timedelta(days=8)
_ADDED_LATER = timedelta(days=7)
"""A file that a session made may be committed this long after it."""
_MOST_SEARCHED_NAMES = 40
_MOST_DEFINITIONS = 10
_DEFINES = re.compile(
    r"\b(?:def|class|fn|func|function|fun|struct|enum|trait|interface|type|impl|const|let|var|val|"
    r"module|object|record|protocol|macro_rules!|#define|static|public|private)\b"
)


@dataclass(frozen=True, slots=True)
class _Definition:
    name: str
    path: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class _Version:
    """The repository at one commit: path → blob."""

    commit: str
    files: dict[str, str]


@dataclass(slots=True)
class Anchoring:
    """Anchors session logs of one repository; remembers what it read from git meanwhile."""

    repository: Repository
    facts: Facts
    _versions: dict[str, _Version] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _symbols: dict[tuple[str, str], list[_Definition]] = field(default_factory=dict)

    def anchors(self, document: str, content: Sequence[Event]) -> list[StatementAnchor]:
        """What the statements of a session log name and the repository had at the time.

        content: its events. A path must be a file's, whole or by an end that no other file has;
        a symbol must have exactly one definition. The version is that of `base_commit`.
        """
        base = self.base_commit(document, content)
        if not base:
            return []
        version, end = self._version(base), _end_of(content)
        symbols: list[tuple[Event, Mention]] = []
        found: list[StatementAnchor] = []
        for event, mention in _mentioned(content):
            if mention.form == "symbol":
                symbols.append((event, mention))
                continue
            is_path = mention.form == "path"
            anchor = self._path(mention, version, end) if is_path else self._commit(mention)
            if anchor:
                found.append(_placed(anchor, document, event, mention))
        named = {one.name for one in found}
        symbols = [(event, mention) for event, mention in symbols if mention.name not in named]
        found += self._symbol_anchors(document, symbols, version)
        return sorted(_unique(found), key=lambda one: one.line)

    def base_commit(self, document: str, content: Sequence[Event]) -> str:
        """The commit that a session's statements are about, '' where none is known.

        That is the commit by which its log came in or last changed, if that was within a day of
        its last entry: work and log are often committed together, after the last word. Else it
        is the newest commit before its last entry, else the one that it started from.
        """
        end = _end_of(content)
        own = self.facts.last_change(document)
        if end and own and end <= own.last <= _later(end, _OWN_COMMIT):
            return own.commit
        branch = next((event.branch for event in content if event.branch), "")
        before = commit_before(self.repository, end, branch) if end else ""
        start = next((event.commit for event in content if event.commit), "")
        return before or (whole_hash(self.repository, start) if start else "")

    def is_settled(self, content: Sequence[Event]) -> bool:
        """Whether later commits cannot change the version that a session's statements are about."""
        end = _end_of(content)
        return not end or _later(end, _SETTLED) < datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _version(self, commit: str) -> _Version:
        if commit not in self._versions:
            try:
                files = files_at(self.repository, commit)
            except RepositoryError:  # thrown away by git, or not fetched
                files = {}
            self._versions[commit] = _Version(commit, files)
        return self._versions[commit]

    def _path(self, mention: Mention, version: _Version, end: str) -> StatementAnchor | None:
        path = _file_named(mention.name, version.files)
        if not path:
            version = self._version_that_added(mention.name, end)
            path = mention.name if mention.name in version.files else ""
        if not path:
            return None
        blob = version.files[path]
        text = self._text(blob)
        lines = mention.lines
        if text is None or (lines and lines.end > text.count("\n") + 1):
            lines = None
        return StatementAnchor(
            "", 0, "path", mention.name, version.commit, path, "", lines, blob,
            hash_of(text, lines) if text is not None else "",
        )  # fmt: skip

    def _version_that_added(self, path: str, end: str) -> _Version:
        """The commit by which a file came soon after a session."""
        added = self.facts.last_change(path)  # its first time is the first commit's
        if not added or not end or not end < added.first <= _later(end, _ADDED_LATER):
            return _Version("", {})
        first = self.facts.changes_since(path, end)[-1:]
        return self._version(first[0][0]) if first else _Version("", {})

    def _commit(self, mention: Mention) -> StatementAnchor | None:
        found = self.facts.commits_like(mention.name)
        if len(found) > 1:
            return None
        sha = found[0] if found else whole_hash(self.repository, mention.name)
        return StatementAnchor("", 0, "commit", mention.name, sha) if sha else None

    def _symbol_anchors(
        self, document: str, mentioned: Sequence[tuple[Event, Mention]], version: _Version
    ) -> Iterator[StatementAnchor]:
        names = list(dict.fromkeys(mention.name for _, mention in mentioned))
        defined = self._defined({name: self._places(name, version) for name in names}, version)
        unknown = [name for name in names if not defined[name]][:_MOST_SEARCHED_NAMES]
        defined |= self._defined(self._search(unknown, version), version)
        for event, mention in mentioned:
            found = defined[mention.name]
            if len(found) != 1:
                continue
            one, blob = found[0], version.files[found[0].path]
            anchor = StatementAnchor(
                "", 0, "symbol", mention.name, version.commit, one.path, one.name, one.lines,
                blob, hash_of(self._texts[blob], one.lines),
            )  # fmt: skip
            yield _placed(anchor, document, event, mention)

    def _defined(
        self, places: dict[str, list[str]], version: _Version
    ) -> dict[str, list[_Definition]]:
        """What each name means among the definitions of its files; an exact name wins."""
        self._read([version.files[path] for paths in places.values() for path in paths])
        found = {}
        for name, paths in places.items():
            all_of_them = [one for path in paths for one in self._definitions(path, version)]
            exact = [one for one in all_of_them if one.name == name]
            found[name] = exact or [one for one in all_of_them if _is_called(one, name)]
        return found

    def _places(self, name: str, version: _Version) -> list[str]:
        """Files of a version that, by what the index knows of today, may define a symbol."""
        last = last_name(name)
        today = self.facts.symbols(name) or self.facts.symbols(last)
        if "." in name or "::" in name:  # `kettle.Kettle` may be the file's, not the symbol's name
            today = [*today, *self.facts.symbols(last)]
        paths = {symbol.path for symbol in today[: 2 * _MOST_DEFINITIONS]}
        then = {old for path in paths for old in self.facts.names_of(path)} & version.files.keys()
        return sorted(then)[:_MOST_DEFINITIONS]

    def _search(self, names: Sequence[str], version: _Version) -> dict[str, list[str]]:
        """Files of a version with a line that seems to define one of the names."""
        found: dict[str, list[str]] = {name: [] for name in names}
        lasts = {name: re.compile(rf"\b{re.escape(last_name(name))}\b") for name in names}
        words = sorted({last_name(name) for name in names})
        for path, line in lines_with(self.repository, version.commit, words):
            if not _DEFINES.search(line):
                continue
            for name, pattern in lasts.items():
                if path in version.files and path not in found[name] and pattern.search(line):
                    found[name].append(path)
        return {name: paths[:_MOST_DEFINITIONS] for name, paths in found.items()}

    def _definitions(self, path: str, version: _Version) -> list[_Definition]:
        from verdigris.scrape.parsers import parse_file

        blob = version.files[path]
        if (path, blob) not in self._symbols:
            text = self._text(blob)
            events = parse_file(SourceFile(path, text, blob)) if text is not None else []
            spans = [
                (event.details.name, event.lines)
                for event in events
                if isinstance(event.details, SymbolDetails) and event.lines
            ]
            self._symbols[path, blob] = [
                _Definition(name, path, whole_span(name, spans))
                for name in dict.fromkeys(name for name, _ in spans)
            ]
        return self._symbols[path, blob]

    def _text(self, blob: str) -> str | None:
        self._read([blob])
        return self._texts.get(blob)

    def _read(self, blobs: Sequence[str]) -> None:
        self._texts |= blob_texts(self.repository, (b for b in blobs if b not in self._texts))


def whole_span(name: str, spans: Sequence[tuple[str, Lines]]) -> Lines:
    """The lines of a definition with all that is defined inside it.

    spans: the symbols of its file, in order; a class's own lines end where its methods begin. Of
    several definitions of a name the first counts.
    """
    first = next(number for number, (other, _) in enumerate(spans) if other == name)
    end = spans[first][1].end
    for other, lines in spans[first + 1 :]:
        if not other.startswith((f"{name}.", f"{name}::")):
            break
        end = max(end, lines.end)
    return Lines(spans[first][1].start, end)


def hash_of(text: str, lines: Lines | None) -> str:
    """Hash of some lines of a text, or of all; spaces at line ends do not count."""
    taken = text.split("\n")
    if lines:
        taken = taken[lines.start - 1 : lines.end]
    kept = "\n".join(line.rstrip() for line in taken).rstrip("\n")
    return hashlib.sha256(kept.encode(errors="replace")).hexdigest()[:16]


def _mentioned(content: Sequence[Event]) -> Iterator[tuple[Event, Mention]]:
    for event in content:
        if event.kind != _HEAD:
            for mention in mentions_in(event.text):
                yield event, mention


def _placed(
    anchor: StatementAnchor, document: str, event: Event, mention: Mention
) -> StatementAnchor:
    first = event.lines.start if event.lines else 1
    return replace(anchor, document=document, line=first + mention.line)


def _unique(anchors: Sequence[StatementAnchor]) -> list[StatementAnchor]:
    """Each target once a line."""
    return list(
        {(one.line, one.path, one.symbol, one.commit, one.lines): one for one in anchors}.values()
    )


def _file_named(name: str, files: dict[str, str]) -> str:
    """The file of that path, or the only one whose path ends so; '' if there is none."""
    if name in files:
        return name
    ending = [path for path in files if path.endswith(f"/{name}")]
    return ending[0] if len(ending) == 1 else ""


def _is_called(definition: _Definition, name: str) -> bool:
    """Whether `boil`, `Kettle.boil` or, after its file, `kettle.Kettle` names a definition."""
    own, asked = definition.name.replace("::", "."), name.replace("::", ".")
    if own == asked or own.endswith(f".{asked}"):
        return True
    stem = definition.path.rpartition("/")[2].partition(".")[0]
    return asked in (f"{stem}.{own}", f"{stem}.{last_name(own)}")


def _end_of(content: Sequence[Event]) -> str:
    return max((event.time for event in content), default="")


def _later(time: str, by: timedelta) -> str:
    return (datetime.fromisoformat(time) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
