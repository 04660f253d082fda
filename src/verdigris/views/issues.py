"""Facts on issues and pull requests: what they are, and which commits and files belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from verdigris.answers import IssueFacts, LinkedCommit, LinkedIssue
from verdigris.records import Event, IssueDetails, SeenDetails
from verdigris.views.tables import Tables

SCHEMA = """
CREATE TABLE issues (
    document TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    author TEXT NOT NULL,
    url TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE links (
    source TEXT NOT NULL,  -- a document: commit:SHA, pr:45 …
    target TEXT NOT NULL,  -- a document, #12, !12, a URL, or file:PATH
    how TEXT NOT NULL,
    PRIMARY KEY (source, target, how)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target);
"""

HOW = ("fixes", "merge", "squash", "part", "mention", "text")
"""How a commit belongs to an issue, surest first."""
SURE = frozenset({"fixes", "merge", "squash", "part"})
"""Ways in which a commit is the work on an issue, not only beside it."""

_REFERENCE = r"(?:(?<![\w/&#!])(?:\bGH-|[#!])[1-9]\d{0,8}\b|https?://[^\s<>()\"']+/\d+)"
_REFERENCES = re.compile(_REFERENCE)
_FIXES = re.compile(
    r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing))\b:?\s+(?:issues?\s+)?"
    rf"({_REFERENCE}(?:(?:\s*,\s*|\s+and\s+|\s*&\s*){_REFERENCE})*)",
    re.IGNORECASE,
)
_MERGE = re.compile(r"\AMerge pull request (#\d+)|See merge request \S*?(!\d+)")
_SQUASH = re.compile(r"\A[^\n]*\(([#!]\d+)\)[ \t]*(?:\n|\Z)")
_CALLED = re.compile(r"\b(?:issue|pr|pull request|merge request)s? #?(\d+)\b", re.IGNORECASE)
_FORGE_URL = re.compile(
    r"(https?://.+)/(issues|pull|merge_requests|discussions)/(\d+)", re.IGNORECASE
)


def references(text: str) -> dict[str, str]:
    """What a commit message or a text names, as `#12`, `!12` or a URL → how it is named.

    The surest way wins: 'fixes' (a closing keyword), 'merge' (a merge commit's first words),
    'squash' (a number in parentheses ends the subject), 'mention'. `owner/name#12` is another
    repository's. Method: the keywords that GitHub and GitLab document for closing issues.
    """
    found = {_normal(one): "mention" for one in _REFERENCES.findall(text)}
    for pattern, how in ((_SQUASH, "squash"), (_MERGE, "merge")):
        if match := pattern.search(text):
            found[_normal(match[1] or match[match.lastindex or 1])] = how
    for match in _FIXES.finditer(text):
        found |= {_normal(one): "fixes" for one in _REFERENCES.findall(match[1])}
    return {name: how for name, how in found.items() if name}


def _normal(reference: str) -> str:
    """`GH-12` is `#12`; a URL without what follows the number; '' for other URLs."""
    if reference.startswith("http"):
        match = _FORGE_URL.match(reference)
        return match[0] if match else ""
    return "#" + reference[3:] if reference[:3].upper() == "GH-" else reference


class IssueLinks(Tables):
    """Issues of one repository and what links them, in the tables of SCHEMA and of history."""

    def add_issue(self, seen: Event, details: SeenDetails, content: Sequence[Event]) -> None:
        """Put in an issue or pull request, and what it names."""
        issue = details.issue
        if issue is None:
            return
        self._connection.execute(
            "INSERT INTO issues VALUES (?,?,?,?,?,?,?,?)",
            (seen.document, issue.number, details.title, issue.state, issue.author, issue.url,
             issue.created, seen.time),
        )  # fmt: skip
        found = references("\n".join(event.text for event in content))
        sure = "fixes" if issue.type == "pr" else "mention"
        own = {f"#{issue.number}", f"!{issue.number}"}
        named = [(name, sure if how == "fixes" else "mention") for name, how in found.items()]
        self._add_links(seen.document, [link for link in named if link[0] not in own])
        self._add_links(seen.document, _forge_links(issue))

    def add_message(self, document: str, content: Sequence[Event]) -> None:
        """Put in what a commit's message names."""
        self._add_links(document, references("\n".join(event.text for event in content)).items())

    def _add_links(self, source: str, links: Iterable[tuple[str, str]]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO links VALUES (?,?,?)",
            [(source, target, how) for target, how in links],
        )

    def remove_links(self, document: str) -> None:
        """Forget an issue or commit and what it names."""
        self._connection.execute("DELETE FROM issues WHERE document = ?", (document,))
        self._connection.execute("DELETE FROM links WHERE source = ?", (document,))

    def issues(self) -> list[str]:
        """All issues, pull requests and discussions, oldest first."""
        rows = self._connection.execute("SELECT document FROM issues ORDER BY created, document")
        return [row[0] for row in rows]

    def issue_spans(self) -> dict[str, tuple[str, str]]:
        """Issue → when it was opened and when it last changed."""
        rows = self._connection.execute("SELECT document, created, updated FROM issues")
        return {document: (created, updated) for document, created, updated in rows}

    def issues_called(self, text: str) -> list[str]:
        """Issues that a question calls by number (`#12`, `issue 12`, `PR 45`) or by address."""
        spelled = _CALLED.sub(r"#\1", text)
        found = (self._issue_meant(name) for name in references(spelled))
        return [document for document in found if document]

    def issue_facts(self, document: str) -> IssueFacts | None:
        """An issue with its commits; None where there is no such issue. Files are not filled in."""
        row = self._connection.execute(
            "SELECT document, title, state, author, url, created FROM issues WHERE document = ?",
            (document,),
        ).fetchone()
        if row is None:
            return None
        name, title, state, author, url, created = row
        commits = tuple(self.issue_commits(document))
        return IssueFacts(name, title, state, author, url, created, commits)

    def issue_commits(self, document: str) -> list[LinkedCommit]:
        """The commits of an issue or pull request, surest link first, then oldest.

        Those that name it; for an issue also those of the pull requests that fix it.
        """
        ways: dict[str, str] = dict(_surest(self._commits_naming(document)))
        for pull in self._fixing_pulls(document):
            found = [(sha, how) for sha, how in self._commits_naming(pull) if how in SURE]
            ways = dict(_surest([*ways.items(), *found]))
        linked = []
        for sha, how in ways.items():
            row = self._connection.execute(
                "SELECT subject, time FROM commits WHERE sha = ?", (sha,)
            ).fetchone()
            if row:
                linked.append(LinkedCommit(sha, row[0], row[1], how))
        return sorted(linked, key=lambda one: (HOW.index(one.how), one.time, one.sha))

    def issue_files(self, document: str) -> list[str]:
        """Paths that the forge says a pull request changes, or those that fix an issue."""
        found = []
        for source in (document, *self._fixing_pulls(document)):
            rows = self._connection.execute(
                "SELECT target FROM links WHERE source = ? AND how = 'changes'", (source,)
            )
            found += [row[0].removeprefix("file:") for row in rows]
        return list(dict.fromkeys(found))

    def _commits_naming(self, document: str) -> list[tuple[str, str]]:
        """(hash, how) of the commits that name a document, or that it names itself."""
        names = self._issue_names(document)
        marks = ",".join("?" * len(names))
        rows = self._connection.execute(
            f"SELECT source, how FROM links WHERE target IN ({marks}) AND source LIKE 'commit:%' "
            "UNION SELECT target, how FROM links WHERE source = ? AND target LIKE 'commit:%'",
            (*names, document),
        )
        return [(name.removeprefix("commit:"), how) for name, how in rows]

    def _fixing_pulls(self, document: str) -> list[str]:
        if not document.startswith("issue:"):
            return []
        names = self._issue_names(document)
        marks = ",".join("?" * len(names))
        rows = self._connection.execute(
            f"SELECT source FROM links WHERE target IN ({marks}) AND how = 'fixes' "
            "AND source LIKE 'pr:%' "
            "UNION SELECT target FROM links WHERE source = ? AND how = 'fixes' "
            "AND target LIKE 'pr:%'",
            (*names, document),
        )
        return [row[0] for row in rows]

    def _issue_names(self, document: str) -> list[str]:
        """All spellings that mean this document."""
        kind, _, number = document.partition(":")
        row = self._connection.execute(
            "SELECT url FROM issues WHERE document = ?", (document,)
        ).fetchone()
        names = [document, *([row[0]] if row and row[0] else [])]
        if kind == "pr":
            names.append(f"!{number}")
        if self._numbered(number) == document:
            names.append(f"#{number}")
        return names

    def _numbered(self, number: str) -> str:
        """What `#12` means: GitLab numbers merge requests apart, and calls them `!12`."""
        rows = self._connection.execute(
            "SELECT document FROM issues WHERE document IN (?, ?, ?) ORDER BY document = ? DESC",
            (f"issue:{number}", f"pr:{number}", f"discussion:{number}", f"issue:{number}"),
        ).fetchone()
        return str(rows[0]) if rows else ""

    def _issue_meant(self, target: str) -> str:
        """The document that a spelling means; '' where it is not known here."""
        if target[0] == "#":
            return self._numbered(target[1:])
        column, value = ("url", target) if target.startswith("http") else ("document", target)
        if target[0] == "!":
            value = f"pr:{target[1:]}"
        row = self._connection.execute(
            f"SELECT document FROM issues WHERE {column} = ?", (value,)
        ).fetchone()
        return str(row[0]) if row else ""

    def issues_behind(self, paths: Sequence[str], limit: int = 10) -> list[LinkedIssue]:
        """Issues and pull requests behind the commits of a file, newest commit first.

        paths: the file's name and those it had before. Bulk and bot commits do not count.
        """
        marks = ",".join("?" * len(paths))
        rows = self._connection.execute(
            "SELECT target, how, sha FROM commit_files JOIN commits USING (sha) "
            f"JOIN links ON source = 'commit:' || sha WHERE path IN ({marks}) AND marks = '' "
            "ORDER BY time DESC, position DESC",
            tuple(paths),
        ).fetchall()
        found: dict[str, LinkedIssue] = {}
        for target, how, sha in rows:
            for document, way in self._issues_named(target, how):
                if document not in found:
                    found[document] = self._linked_issue(document, way, sha)
            if len(found) >= limit:
                break
        return list(found.values())[:limit]

    def _issues_named(self, target: str, how: str) -> Iterator[tuple[str, str]]:
        """The document that a commit names and, where it is a pull request, what that fixes."""
        document = self._issue_meant(target)
        if not document:
            return
        yield document, how
        if document.startswith("pr:") and how in SURE:
            fixed = self._connection.execute(
                "SELECT target FROM links WHERE source = ? AND how = 'fixes' "
                "AND target NOT LIKE 'commit:%'",
                (document,),
            ).fetchall()
            yield from ((one, "fixes") for row in fixed if (one := self._issue_meant(row[0])))

    def _linked_issue(self, document: str, how: str, sha: str) -> LinkedIssue:
        title, state, url = self._connection.execute(
            "SELECT title, state, url FROM issues WHERE document = ?", (document,)
        ).fetchone()
        return LinkedIssue(document, title, state, url, how, sha)


def _forge_links(issue: IssueDetails) -> Iterator[tuple[str, str]]:
    """What the forge itself says an issue or pull request belongs to."""
    if issue.merge_commit:
        yield f"commit:{issue.merge_commit}", "merge"
    yield from ((f"commit:{sha}", "part") for sha in issue.commits if sha != issue.merge_commit)
    yield from ((document, "fixes") for document in (*issue.closes, *issue.closed_by))
    yield from ((f"file:{path}", "changes") for path in issue.files)


def _surest(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    best: dict[str, str] = {}
    for sha, how in found:
        if sha not in best or HOW.index(how) < HOW.index(best[sha]):
            best[sha] = how
    yield from best.items()
