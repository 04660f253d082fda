"""JSON records of a forge, in whichever shape they come → ForgeItems.

Shapes: `gh issue list --json …` and GraphQL (camelCase, lists or `{nodes: […]}`), GitHub's REST
(snake_case), GitLab's REST (`iid`, `description`, `web_url`). What a record lacks stays empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verdigris.errors import ForgeError

Record = Mapping[str, Any]

_URL = re.compile(
    r"(?P<repository>.*?)(?:/-)?/(?P<type>issues|pulls?|merge_requests|discussions)/\d+"
)
_TYPES = {
    "issues": "issue", "pull": "pr", "pulls": "pr", "merge_requests": "pr",
    "discussions": "discussion",
}  # fmt: skip
_PULL_REQUEST_KEYS = frozenset(
    {"mergedAt", "merged_at", "mergeCommit", "pull_request", "headRefName", "source_branch"}
)
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
"""Templates' instructions, which no forge displays."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, a review, or a review's comment on a line."""

    author: str
    text: str
    time: str = ""
    verdict: str = ""
    """A review's: 'approved', 'changes requested' …; '' for comments."""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ForgeItem:
    """An issue, pull request or discussion as read, not yet redacted. Times are UTC."""

    type: str
    number: int
    title: str
    body: str = ""
    state: str = ""
    author: str = ""
    url: str = ""
    created: str = ""
    updated: str = ""
    closed: str = ""
    labels: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    merge_commit: str = ""
    commits: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    closed_by: tuple[str, ...] = ()
    bots: int = 0
    """Remarks of bots, which were left out."""
    unread: int = 0
    """Remarks that the forge has and did not give."""

    @property
    def document(self) -> str:
        """The name of its document."""
        return f"{self.type}:{self.number}"


def json_values(text: str, source: str) -> Iterator[Record]:
    """The records of a JSON list, of JSON lines, or of several lists in a row.

    source: named in errors. Raises ForgeError where the text is not JSON, or ends too early, or
    holds something else than objects.
    """
    decoder = json.JSONDecoder()
    position, number = 0, 0
    text = text.removeprefix("\ufeff")
    while rest := re.compile(r"\S").search(text, position):
        try:
            value, position = decoder.raw_decode(text, rest.start())
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", rest.start())) + 1
            raise ForgeError(
                f"{source}, line {line}: no valid JSON; export it again, see docs/forge.md"
            ) from error
        for record in value if isinstance(value, list) else [value]:
            number += 1
            if not isinstance(record, dict):
                raise ForgeError(
                    f"{source}: record {number} is no JSON object; see docs/forge.md for the format"
                )
            yield record


def item_of(record: Record) -> ForgeItem:
    """One record as an item. Raises ForgeError where number or title is missing."""
    number = _first(record, "number", "iid")
    title = _text(record, "title")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or not title:
        raise ForgeError("a record without number and title; see docs/forge.md for the format")
    url = _text(record, "url", "html_url", "web_url")
    if "/api" in url:  # REST's own address of the record
        url = _text(record, "html_url", "web_url")
    remarks, bots = _without_bots(_remarks(record))
    return ForgeItem(
        type=_type(record, url),
        number=number,
        title=" ".join(title.split()),
        body=_clean(_text(record, "body", "description")),
        state=_state(record),
        author=_author(record),
        url=url if url.startswith(("https://", "http://")) else "",
        created=_time(record, "createdAt", "created_at"),
        updated=_time(record, "updatedAt", "updated_at", "createdAt", "created_at"),
        closed=_time(record, "closedAt", "closed_at", "mergedAt", "merged_at"),
        labels=tuple(_names(record.get("labels"))),
        remarks=remarks,
        merge_commit=_merge_commit(record),
        commits=tuple(dict.fromkeys(_commits(record))),
        files=tuple(_text(one, "path") for one in _list(record, "files") if _text(one, "path")),
        closes=_references(record, "closingIssuesReferences", "issue", url),
        closed_by=_references(record, "closedByPullRequestsReferences", "pr", url),
        bots=bots,
        unread=_unread(record),
    )


def _first(record: Record, *keys: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _text(record: Record, *keys: str) -> str:
    """The first of the keys with a text; lone surrogates, which UTF-8 lacks, are replaced."""
    for key in keys:
        if isinstance(value := record.get(key), str) and value:
            return value.encode("utf-8", "replace").decode()
    return ""


def _time(record: Record, *keys: str) -> str:
    """UTC with whole seconds; '' for what is no time."""
    try:
        moment = datetime.fromisoformat(_text(record, *keys))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def _list(record: Record, key: str) -> list[Record]:
    """The objects of a list, or of the `nodes` of a GraphQL connection; other things are left."""
    value = record.get(key)
    if isinstance(value, dict):
        value = value.get("nodes")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _names(labels: object) -> Iterator[str]:
    if isinstance(labels, dict):
        labels = labels.get("nodes")
    for label in labels if isinstance(labels, list) else []:
        name = label.get("name") if isinstance(label, dict) else label
        if isinstance(name, str):
            yield name


def _clean(text: str) -> str:
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _type(record: Record, url: str) -> str:
    if found := _URL.match(url):
        return _TYPES[found["type"]]
    return "pr" if _PULL_REQUEST_KEYS & record.keys() else "issue"


def _state(record: Record) -> str:
    pull = record.get("pull_request")
    merged = _text(record, "mergedAt", "merged_at") or (
        _text(pull, "merged_at") if isinstance(pull, dict) else ""
    )
    state = _text(record, "state").lower()
    if not state and isinstance(record.get("closed"), bool):
        state = "closed" if record["closed"] else "open"
    return "merged" if merged else {"opened": "open", "locked": "closed"}.get(state, state)


def _author(record: Record) -> str:
    author = _first(record, "author", "user")
    return _text(author, "login", "username") if isinstance(author, dict) else ""


def _is_bot(record: Record) -> bool:
    author = _first(record, "author", "user")
    if not isinstance(author, dict):
        return False
    kind = _text(author, "__typename", "type")
    return kind == "Bot" or author.get("is_bot") is True or _author(record).endswith("[bot]")


def _without_bots(found: list[tuple[Record, Remark]]) -> tuple[tuple[Remark, ...], int]:
    told = [(record, remark) for record, remark in found if remark.text]
    kept = tuple(remark for record, remark in told if not _is_bot(record))
    return kept, len(told) - len(kept)


def _remarks(record: Record) -> list[tuple[Record, Remark]]:
    """Comments, then reviews with what they say of lines, each beside the record it is from."""
    found: list[tuple[Record, Remark]] = []
    if isinstance(answer := record.get("answer"), dict):
        found.append((answer, _remark(answer, "answer")))
    for comment in _list(record, "comments"):
        found.append((comment, _remark(comment)))
        found += [(reply, _remark(reply)) for reply in _list(comment, "replies")]
    for review in _list(record, "reviews"):
        verdict = _text(review, "state").lower().replace("_", " ") or "commented"
        found.append((review, _remark(review, verdict)))
        found += [(comment, _remark(comment)) for comment in _list(review, "comments")]
    for discussion in _list(record, "discussions"):  # GitLab's threads
        notes = [note for note in _list(discussion, "notes") if note.get("system") is not True]
        found += [(note, _remark(note)) for note in notes]
    return found


def _remark(record: Record, verdict: str = "") -> Remark:
    position = record.get("position")
    place: Record = position if isinstance(position, dict) else record
    line = _first(place, "line", "originalLine", "original_line", "new_line")
    return Remark(
        author=_author(record),
        text=_clean(_text(record, "body")),
        time=_time(record, "createdAt", "submittedAt", "created_at", "submitted_at"),
        verdict=verdict,
        path=_text(place, "path", "new_path"),
        line=line if isinstance(line, int) else 0,
    )


def _merge_commit(record: Record) -> str:
    if _state(record) != "merged":  # before, REST names a trial merge that no branch has
        return ""
    merged = record.get("mergeCommit")
    named = _text(merged, "oid") if isinstance(merged, dict) else ""
    return _hash(named or _text(record, "merge_commit_sha", "squash_commit_sha"))


def _commits(record: Record) -> Iterator[str]:
    hashes = [_text(record, "squash_commit_sha"), _text(record, "sha")]
    for one in _list(record, "commits"):
        inner = one.get("commit")
        hashes.append(_text(inner if isinstance(inner, dict) else one, "oid", "sha", "id"))
    yield from (sha for one in hashes if (sha := _hash(one)))


def _hash(text: str) -> str:
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{40,64}", text) else ""


def _references(record: Record, key: str, type_: str, url: str) -> tuple[str, ...]:
    """Numbers that the forge itself links, of the same repository only."""
    own = _repository(url)
    return tuple(
        f"{type_}:{one['number']}"
        for one in _list(record, key)
        if isinstance(one.get("number"), int) and _repository(_text(one, "url")) in ("", own)
    )


def _repository(url: str) -> str:
    found = _URL.match(url)
    return found["repository"] if found else ""


def _unread(record: Record) -> int:
    """Comments and reviews that a GraphQL connection counts and did not list."""
    missing = 0
    for key in ("comments", "reviews"):
        connection = record.get(key)
        if isinstance(connection, dict) and isinstance(connection.get("totalCount"), int):
            missing += max(connection["totalCount"] - len(_list(record, key)), 0)
    return missing
