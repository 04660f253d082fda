"""What became of what sessions name: fresh, drifted since, or gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property

from verdigris.errors import RepositoryError
from verdigris.records import AgedAnchor, AnchorState, Lines, StatementAnchor
from verdigris.scrape.git.old_content import (
    blob_texts,
    commits_since,
    hunks_since,
    map_lines,
    plain_text,
)
from verdigris.scrape.repository import Repository
from verdigris.upkeep.anchoring import hash_of, whole_span
from verdigris.views import Drift, Facts

_MOST_BYTES = 1_048_576
_LEAST_LIKENESS = 0.5
"""What two definitions of a name must have in common for one to be the other, moved."""


@dataclass
class Ageing:
    """Compares anchors with the work tree; each file is read once."""

    repository: Repository
    facts: Facts
    new_drifts: list[tuple[StatementAnchor, str, Drift]] = field(default_factory=list)
    """What was measured and is not remembered yet."""
    _texts: dict[str, str | None] = field(default_factory=dict)
    _present: dict[str, str] = field(default_factory=dict)
    _later: dict[str, frozenset[str]] = field(default_factory=dict)

    def aged(self, anchor: StatementAnchor, measure: bool = True) -> AgedAnchor:
        """What became of an anchor's target.

        measure: also count the lines that changed, which may cost a diff.
        """
        if anchor.form == "commit":
            known = self.facts.time_of(anchor.commit)
            return AgedAnchor(anchor, "fresh" if known else "gone")
        path = self._present_path(anchor.path)
        if anchor.form == "path" and not anchor.lines and path != anchor.path:
            return self._with_commits(AgedAnchor(anchor, "gone", path), path)
        if not path:
            return self._gone_symbol(anchor, measure)
        if anchor.symbol:
            return self._aged_symbol(anchor, path, measure)
        return self._aged_lines(anchor, path, measure)

    def _aged_symbol(self, anchor: StatementAnchor, path: str, measure: bool) -> AgedAnchor:
        lines = self._span(path, anchor.symbol)
        if lines is None:
            return self._gone_symbol(anchor, measure)
        content = hash_of(self._text(path) or "", lines)
        if content == anchor.content_hash:
            return AgedAnchor(anchor, "fresh", path, lines)
        drift = self._drift(anchor, path, content) if measure else Drift(None, 0, 0)
        aged = AgedAnchor(anchor, "drifted", path, lines, drift.added, drift.removed)
        return self._with_commits(aged, path)

    def _aged_lines(self, anchor: StatementAnchor, path: str, measure: bool) -> AgedAnchor:
        """A whole file, or lines of it, which are followed through the changes."""
        text = self._text(path)
        if text is None or not anchor.content_hash:  # binary: it is there, no more is known
            return AgedAnchor(anchor, "fresh", path)
        if hash_of(text, anchor.lines) == anchor.content_hash:
            return AgedAnchor(anchor, "fresh", path, anchor.lines)
        if anchor.lines is None and not measure:
            return self._with_commits(AgedAnchor(anchor, "drifted", path), path)
        drift = self._drift(anchor, path, hash_of(text, None))
        if anchor.lines and drift.lines and hash_of(text, drift.lines) == anchor.content_hash:
            return AgedAnchor(anchor, "fresh", path, drift.lines)
        deleted = anchor.lines and drift.lines is None and drift.removed
        state: AnchorState = "gone" if deleted else "drifted"
        aged = AgedAnchor(anchor, state, path, drift.lines, drift.added, drift.removed)
        return self._with_commits(aged, path)

    def _gone_symbol(self, anchor: StatementAnchor, measure: bool) -> AgedAnchor:
        """A symbol that is no longer in its file, with its new place where one is like it."""
        found = self.facts.symbols(anchor.symbol) if anchor.symbol and measure else []
        elsewhere = [one for one in found if one.name == anchor.symbol]
        gone = self._with_commits(AgedAnchor(anchor, "gone"), anchor.path)
        if len(elsewhere) != 1 or anchor.lines is None:
            return gone
        place = elsewhere[0]
        lines = self._span(place.path, place.name)
        then = blob_texts(self.repository, [anchor.blob]).get(anchor.blob, "")
        now = self._text(place.path) or ""
        if not lines or _likeness(_taken(then, anchor.lines), _taken(now, lines)) < _LEAST_LIKENESS:
            return gone
        return replace(gone, now=place.path, lines=lines)

    def _span(self, path: str, name: str) -> Lines | None:
        symbols = self.facts.symbols_in(path)
        spans = [(one.name, Lines(one.line_start, one.line_end)) for one in symbols]
        return whole_span(name, spans) if any(one.name == name for one in symbols) else None

    def _drift(self, anchor: StatementAnchor, path: str, against: str) -> Drift:
        known = self.facts.known_drift(anchor, against)
        if known:
            return known
        try:
            hunks = hunks_since(self.repository, anchor.blob, path)
        except RepositoryError:  # git has thrown the old version away
            return Drift(None, 0, 0)
        if anchor.lines:
            mapped = map_lines(hunks, anchor.lines)
            drift = Drift(mapped.now, mapped.added, mapped.removed)
        else:
            added, removed = sum(h.new_count for h in hunks), sum(h.old_count for h in hunks)
            drift = Drift(None, added, removed)
        self.new_drifts.append((anchor, against, drift))
        return drift

    def _with_commits(self, aged: AgedAnchor, path: str) -> AgedAnchor:
        """With the commits since that changed the file."""
        path = path or aged.anchor.path
        changes = self.facts.changes_since(path, self.facts.time_of(aged.anchor.commit))
        if not changes:  # or commits that were made before, and merged since
            merged = self._merged_since(aged.anchor.commit)
            changes = [one for one in self.facts.changes_since(path, "") if one[0] in merged]
        if not changes:
            return aged
        sha, subject = changes[0]
        return replace(aged, commits=len(changes), last_commit=sha, last_subject=subject)

    def _merged_since(self, commit: str) -> frozenset[str]:
        if commit not in self._later:
            self._later[commit] = commits_since(self.repository, commit)
        return self._later[commit]

    def _present_path(self, path: str) -> str:
        if path not in self._present:
            here = (self.repository.root / path).is_file()
            self._present[path] = path if here else self._name_now(path)
        return self._present[path]

    @cached_property
    def _name_now(self) -> Callable[[str], str]:
        return self.facts.present_names()

    def _text(self, path: str) -> str | None:
        """A file of the work tree; None where it is binary, too large or not to be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        file = self.repository.root / path
        try:
            if file.stat().st_size > _MOST_BYTES:
                return None
            content = file.read_bytes()
        except OSError:
            return None
        return None if b"\0" in content else plain_text(content)


def _taken(text: str, lines: Lines) -> list[str]:
    return [line.strip() for line in text.split("\n")[lines.start - 1 : lines.end]]


def _likeness(then: list[str], now: list[str]) -> float:
    """The share of lines that two versions have in common, 0 to 1."""
    return SequenceMatcher(None, then, now).ratio() if then and now else 0.0


def counts(aged: Sequence[AgedAnchor]) -> dict[str, int]:
    """How many are fresh, drifted and gone."""
    states = [one.state for one in aged]
    return {state: states.count(state) for state in ("fresh", "drifted", "gone")}
