"""The doctor: runs every check, whatever is damaged, and mends what can be mended if asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from verdigris.errors import CorruptDatabase, RepositoryError, SettingsError, VerdigrisError
from verdigris.scrape.repository import Repository, open_repository
from verdigris.settings import Settings, load_settings
from verdigris.upkeep import checks, learned_checks, mending
from verdigris.upkeep.checks import Finding, Site
from verdigris.upkeep.locations import locate, make_folders


@dataclass(frozen=True, slots=True)
class _Examination:
    what: str
    check: Callable[[Site], Finding]
    mend: Callable[[Site], str] | None = None


# Truth first: a mended log may leave the index to be mended, and the index its vectors.
_EXAMINATIONS = (
    _Examination("disk", checks.check_disk),
    _Examination("model", checks.check_model),
    _Examination("event log", checks.check_log, mending.mend_log),
    _Examination("index", checks.check_index, mending.mend_index),
    _Examination("vector cache", checks.check_vector_cache, mending.mend_vector_cache),
    _Examination("vectors", checks.check_vectors, mending.mend_vectors),
    _Examination(
        "nearest-neighbour files",
        checks.check_nearest_neighbour_files,
        mending.mend_nearest_neighbour_files,
    ),
    _Examination("learned", learned_checks.check_learned, learned_checks.mend_learned),
    _Examination("position", checks.check_position),
    _Examination("anchors", checks.check_anchors),
)


def examine(start: Path, fix: bool = False) -> list[Finding]:
    """Check repository, settings, log, index, vectors and model around `start`; never raises.

    fix: mend what is damaged. The log is moved aside, never deleted; all else is derived, and
    is dropped and made anew.
    """
    findings = [checks.check_sqlite()]
    try:
        repository = open_repository(start)
    except RepositoryError as error:
        return [*findings, _wrong("repository", error)]
    findings.append(checks.check_repository(repository))
    settings, finding = _settings(repository)
    findings.append(finding)
    site = Site(repository, settings, locate(repository, settings))
    try:
        make_folders(site.locations)
    except VerdigrisError as error:
        findings.append(_wrong("folder", error))
        return [*findings, *(_examined(site, one, False) for one in _EXAMINATIONS[:2])]
    return [*findings, *(_examined(site, one, fix and finding.ok) for one in _EXAMINATIONS)]


def _settings(repository: Repository) -> tuple[Settings, Finding]:
    """The settings, or the defaults where they cannot be read."""
    try:
        settings = load_settings(repository.root)
    except SettingsError as error:
        return Settings(), _wrong("settings", error)
    changed = sorted(name for name, origin in settings.origins if origin != "default")
    return settings, Finding("settings", True, f"set: {', '.join(changed) or 'nothing'}")


def _examined(site: Site, examination: _Examination, fix: bool) -> Finding:
    finding = _checked(site, examination)
    if finding.ok or not fix or examination.mend is None or finding.mend != checks.FIX:
        return finding
    try:
        done = examination.mend(site)
    except Exception as error:  # a doctor who faints helps nobody
        return replace(finding, state=f"{finding.state}; mending failed: {_one_line(error)}")
    after = _checked(site, examination)
    return replace(after, state=f"{after.state} (was: {finding.state}; {done})")


def _checked(site: Site, examination: _Examination) -> Finding:
    try:
        return examination.check(site)
    except CorruptDatabase as error:
        return replace(_wrong(examination.what, error), mend=checks.FIX)
    except (VerdigrisError, OSError) as error:  # no damage: force would mend nothing
        return _wrong(examination.what, error)
    except Exception as error:  # whatever is damaged, the other checks go on
        return replace(_wrong(examination.what, error), mend=checks.FIX if examination.mend else "")


def _wrong(what: str, error: Exception) -> Finding:
    """What an error says, its mending command apart."""
    state, _, mend = _one_line(error).partition("; ")
    return Finding(what, False, state, mend.removeprefix("run: "))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
