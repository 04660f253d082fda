"""Where a repository's branches, tags and work trees point: how far its history has been read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field

from verdigris.frozen_dataclass import dataclass
from verdigris.scrape.repository import Repository, git_output

_REFS = "%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00"
_READER = 2
"""Raised when more is read from a commit than before, so that all of them are read again."""
_TAG_MESSAGES = "%(refname)%00%(objecttype)%00%(contents:subject)%0a%0a%(contents:body)%00"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a commit: its name and, where it is annotated, its message."""

    name: str
    object_id: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPosition:
    """How far a history has been read: what is stored as the cursor."""

    tips: tuple[str, ...] = ()
    """Commits of HEAD, of all local branches and of the other work trees, sorted."""
    tagged: Mapping[str, str] = field(default_factory=dict)
    """Tagged commit → digest of its tags."""
    boundary: str = ""
    """Digest of a shallow clone's boundary; '' for a whole one."""
    reader: int = _READER
    """The way in which commits were read."""

    def encode(self) -> str:
        """The position as text; equal positions give equal text."""
        value = {
            "reader": self.reader,
            "tips": self.tips,
            "tagged": dict(self.tagged),
            "boundary": self.boundary,
        }
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def decode(cursor: str) -> HistoryPosition:
        """The position of `encode`; the beginning of history for '' or what is no position."""
        try:
            value = json.loads(cursor)
        except ValueError:
            return HistoryPosition()
        return HistoryPosition(
            tips=tuple(value.get("tips", ())),
            tagged=value.get("tagged", {}),
            boundary=value.get("boundary", ""),
            reader=value.get("reader", 1),
        )


def history_position(repository: Repository) -> HistoryPosition:
    """Where the history stands now. One call of git; two where there are linked work trees."""
    refs = _read_refs(repository)
    tips = {ref.commit for ref in refs if ref.name.startswith("refs/heads/")}
    tips |= _worktree_heads(repository) | ({repository.head} if repository.head else set())
    tags: dict[str, list[str]] = {}
    for ref in refs:
        if ref.name.startswith("refs/tags/"):
            tags.setdefault(ref.commit, []).append(f"{ref.name} {ref.object_id}")
    return HistoryPosition(
        tips=tuple(sorted(tips)),
        tagged={commit: digest(*sorted(names))[:8] for commit, names in tags.items()},
        boundary=digest(*sorted(shallow_boundary(repository))) if repository.shallow else "",
    )


def digest(*parts: str) -> str:
    """SHA-256 of the parts, one a line, as hex digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Ref:
    name: str
    commit: str
    object_id: str


def _read_refs(repository: Repository) -> list[_Ref]:
    """Branches and tags that lead to a commit, annotated tags peeled."""
    output = git_output(
        repository.root, "for-each-ref", f"--format={_REFS}", "refs/heads", "refs/tags"
    )
    fields = iter(_decode(output).replace("\0\n", "\0").split("\0"))
    refs = []
    for name, kind, object_id, peeled_kind, peeled in zip(*[fields] * 5, strict=False):
        if kind == "commit":
            refs.append(_Ref(name, object_id, object_id))
        elif peeled_kind == "commit":
            refs.append(_Ref(name, peeled, object_id))
    return refs


def read_tags(repository: Repository) -> dict[str, tuple[Tag, ...]]:
    """Tags by the commit they point at, with the messages of annotated ones."""
    messages = _tag_messages(repository)
    tags: dict[str, tuple[Tag, ...]] = {}
    for ref in _read_refs(repository):
        name = ref.name.removeprefix("refs/tags/")
        if name != ref.name:
            tag = Tag(name, ref.object_id, messages.get(ref.name, ""))
            tags[ref.commit] = (*tags.get(ref.commit, ()), tag)
    return tags


def holders_of(repository: Repository, sha: str) -> tuple[list[str], list[str]]:
    """Local branches and tags from which a commit can be reached, by name."""
    found: tuple[list[str], list[str]] = ([], [])
    for names, prefix in zip(found, ("refs/heads/", "refs/tags/"), strict=True):
        listed = git_output(
            repository.root, "for-each-ref", f"--contains={sha}", "--format=%(refname)", prefix
        )
        names += [name.removeprefix(prefix) for name in _decode(listed).split("\n") if name]
    return found


def _tag_messages(repository: Repository) -> dict[str, str]:
    output = git_output(repository.root, "for-each-ref", f"--format={_TAG_MESSAGES}", "refs/tags")
    fields = iter(_decode(output).replace("\0\n", "\0").split("\0"))
    triples = zip(fields, fields, fields, strict=False)
    return {name: message.strip() for name, kind, message in triples if kind == "tag"}


def _worktree_heads(repository: Repository) -> set[str]:
    """HEADs of all work trees: a detached one is on no branch."""
    if not (repository.common_dir / "worktrees").is_dir():
        return set()
    lines = _decode(git_output(repository.root, "worktree", "list", "--porcelain")).splitlines()
    heads = {line.removeprefix("HEAD ") for line in lines if line.startswith("HEAD ")}
    return {head for head in heads if head.strip("0")}


def shallow_boundary(repository: Repository) -> frozenset[str]:
    """Commits of a shallow clone whose parents are missing; none in a whole one."""
    listing = repository.common_dir / "shallow"
    return frozenset(listing.read_text("ascii").split()) if listing.is_file() else frozenset()


def _decode(output: bytes) -> str:
    return output.decode("utf-8", errors="replace")
