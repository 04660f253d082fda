"""Lists a work tree's text files, tells which changed since they were last seen, and reads them.

Method: git's own ignore rules (`git ls-files`), then `.verdigrisignore`; changes are found by
file status as git's index does, with its remedy for files modified while they are being looked
at ("racy git").
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from verdigris.errors import SettingsError
from verdigris.frozen_dataclass import dataclass
from verdigris.records import SourceFile
from verdigris.scrape.documents.extracted import Extracted
from verdigris.scrape.documents.extraction import (
    PDF,
    PICTURES,
    format_of,
    is_installed,
    parser_version,
)
from verdigris.scrape.file_content import decode, is_binary, unwanted, version_of
from verdigris.scrape.repository import Repository, git_output
from verdigris.scrape.secrets import redact

MAX_BYTES = 1 << 20
"""Larger files are data: they are counted, not read."""

_RACY_NS = 2_000_000_000
"""A file modified this short ago may change again without its modification time changing."""

_RACY = "racy"
_RETRIED = ("!too large", "!not readable", "!needs ")
"""How stamps begin where a setting, a permission or a library may end it, which no status shows."""

_OWN_LOGS = ".verdigris/sessions"
_SESSION_LOG = re.compile(r"(?:^|/)\d{8}-\d{6}\.md$")
_LONG_LOGS = 16
"""Session logs may be so many times larger than other files: an agent's grows for days."""

_MAGIC_WITHIN = 1_024
"""PDF readers look for the format's mark so far into a file."""
_IGNORE_FILE = ".verdigrisignore"
# Not through links, and without waiting for a pipe's other end. Not every system has each flag.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)

_LOCK_FILES = (
    r"package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock"
    r"|Cargo\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|pixi\.lock|conda-lock\.yml"
    r"|Gemfile\.lock|composer\.lock|mix\.lock|pubspec\.lock|Podfile\.lock|Cartfile\.resolved"
    r"|Package\.resolved|packages\.lock\.json|gradle\.lockfile|go\.sum|go\.work\.sum|flake\.lock"
    r"|MODULE\.bazel\.lock|Brewfile\.lock\.json|oxidize\.lock|\.terraform\.lock\.hcl"
)
_VENDORED_FOLDERS = (
    r"node_modules|bower_components|jspm_packages|vendor|vendored|_vendor|third[_-]?party"
    r"|site-packages|\.venv|Pods|\.yarn|__pycache__"
)
_SKIPPED_NAMES = re.compile(
    rf"(?P<lock_file>(?:^|/)(?:{_LOCK_FILES})$)"
    rf"|(?P<vendored>(?:^|/)(?:{_VENDORED_FOLDERS})/)"
    r"|(?P<generated>[.-]min\.(?:js|css|mjs)$|\.(?:js|css|mjs)\.map$|_pb2(?:_grpc)?\.pyi?$"
    r"|\.pb\.(?:go|cc|h)$|\.g\.dart$)"
    r"|(?P<own>^\.verdigris/local/)"
    r"|(?P<undecodable>[\ud800-\udfff])"
)
_REASONS = {
    "lock_file": ("lock file",),
    "vendored": ("vendored",),
    "generated": ("generated",),
    "undecodable": ("name is not UTF-8",),
}
"""Reasons by the group that matched; verdigris's own files are not worth counting."""


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of a work tree that are worth reading, and how many are not, by reason."""

    paths: tuple[str, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileChanges:
    """What differs from the stamps of the last reading."""

    changed: Mapping[str, str]
    """Path → new stamp of new files and of files whose bytes changed: to be read."""
    restamped: Mapping[str, str]
    """Path → new stamp of files that need no reading: only touched, or skipped."""
    gone: tuple[str, ...]
    """Files that were read and are now missing, ignored or skipped."""
    forgotten: tuple[str, ...]
    """Stamps without a file: to be dropped."""
    skipped: Mapping[str, int]
    """All files that are not read, by reason."""


def list_files(repository: Repository) -> FileList:
    """Paths that git tracks or would offer to add, sorted, without what is not worth reading.

    Left out and counted: what `.verdigrisignore` names, lock files, vendored and generated
    files, submodules, names that are not UTF-8. Not counted: what git itself ignores, and
    verdigris's own `.verdigris/local`. Logs in `.verdigris/sessions` are listed even where git
    ignores them: that keeps them from others, not from the memory. A tracked file may be missing
    on disk.
    Raises SettingsError for a line of `.verdigrisignore` that is no pattern.
    """
    output = git_output(
        repository.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    )
    submodules = frozenset(repository.submodules)
    skipped: Counter[str] = Counter()
    paths = []
    listed = {path for path in os.fsdecode(output).split("\0") if path}
    for path in sorted(listed | _own_logs(repository.root)):
        if path in submodules or path.endswith("/"):  # a repository inside, registered or not
            skipped["submodule"] += 1
        elif found := _SKIPPED_NAMES.search(path):
            skipped.update(_REASONS.get(found.lastgroup or "", ()))
        else:
            paths.append(path)
    wanted = _without_ignored(repository.root, paths)
    skipped.update([f"in {_IGNORE_FILE}"] * (len(paths) - len(wanted)))
    return FileList(tuple(wanted), skipped)


def _own_logs(root: Path) -> set[str]:
    try:
        names = os.listdir(root / _OWN_LOGS)  # noqa: PTH208
    except OSError:
        return set()
    return {path for name in names if _SESSION_LOG.search(path := f"{_OWN_LOGS}/{name}")}


def file_changes(
    repository: Repository,
    stamps: Mapping[str, str],
    max_bytes: int = MAX_BYTES,
    *,
    look_at_new: bool = True,
) -> FileChanges:
    """Compare the work tree with the stamps of the last reading ({} for the first).

    A file whose status is still the stamp's is not opened. To be called before `read_file`:
    what changes between the two is found by the next call. A stamp is `STATUS|VERSION`, or
    `STATUS|!REASON` for a skipped file. look_at_new: if False, a file without a stamp is not opened
    either; it counts as changed, with the stamp `STATUS|`, to which who reads it adds the rest.
    """
    listed = list_files(repository)
    skipped = Counter(listed.skipped)
    changed: dict[str, str] = {}
    restamped: dict[str, str] = {}
    present = _statuses(repository.root, listed.paths, skipped)
    for path, status in present.items():
        stamp = stamps.get(path, "")
        if not stamp and not look_at_new:
            changed[path] = f"{status}|"
            continue
        old_status, _, version = stamp.partition("|")
        if status != old_status or status == _RACY or version.startswith(_RETRIED):
            now = _version_on_disk(repository.root, path, max_bytes)
            same = now == version or now.startswith("!")
            (restamped if same else changed)[path] = f"{status}|{now}"
            version = now
        if version.startswith("!"):
            skipped[version[1:]] += 1
    known = {path for path, stamp in stamps.items() if "|!" not in stamp}
    unread = {path for path, stamp in restamped.items() if "|!" in stamp}
    missing = stamps.keys() - present.keys()
    return FileChanges(
        changed=changed,
        restamped={path: stamp for path, stamp in restamped.items() if stamps.get(path) != stamp},
        gone=tuple(sorted(known & (missing | unread))),
        forgotten=tuple(sorted(missing)),
        skipped=skipped,
    )


def read_file(
    root: Path,
    path: str,
    max_bytes: int = MAX_BYTES,
    extract_pdf: Callable[[bytes], Extracted] = PDF.extract,
) -> SourceFile | Skipped:
    """A file's text, decoded, with secrets redacted and its line numbers kept.

    root: of the work tree; path: relative to it. extract_pdf: `PdfExtractors.extract` where many
    files are read. Returns Skipped, with the reason, for what is missing, binary, too large, a
    symbolic link (or below one), not a regular file, not readable, minified or generated. Never
    waits for a pipe.
    """
    data = _read_bytes(root, path, max_bytes)
    if isinstance(data, Skipped):
        return data
    extracted = _extracted(path, data.bytes, extract_pdf)
    if reason := _unwanted(path, extracted.text):
        return Skipped(path, reason)
    return _source_file(path, data, extracted)


def read_as_text(root: Path, path: str, max_bytes: int = MAX_BYTES) -> SourceFile | Skipped:
    """As `read_file`, but a file of whatever format is taken for the text that its bytes are."""
    data = _read_bytes(root, path, max_bytes)
    if isinstance(data, Skipped):
        return data
    decoded = decode(data.bytes)
    return _source_file(path, data, Extracted(decoded.text, (), decoded.warning))


def _source_file(path: str, data: _FileBytes, extracted: Extracted) -> SourceFile:
    redacted = redact(extracted.text, path)
    return SourceFile(
        path=path,
        text=redacted.text,
        version=version_of(data.bytes, parser_version(path)),
        time=datetime.fromtimestamp(data.modified, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        secrets=redacted.count,
        warning=extracted.warning,
        parts=extracted.parts,
    )


def why_not_read(repository: Repository, path: str, max_bytes: int) -> str:
    """Why a file of the work tree is not read, as `list_files` and `read_file` say it.

    'ignored' where git or `.verdigrisignore` ignores it; '' for one that is read, or not there.
    """
    if not (repository.root / path).is_file():
        return ""
    if path in list_files(repository).paths:
        file = read_file(repository.root, path, max_bytes)
        return file.reason if isinstance(file, Skipped) else ""
    found = _SKIPPED_NAMES.search(path)
    return next(iter(_REASONS.get(found.lastgroup or "", ())), "") if found else "ignored"


@dataclass(frozen=True, slots=True)
class _FileBytes:
    bytes: bytes
    modified: float


def _without_ignored(root: Path, paths: list[str]) -> list[str]:
    """The paths that `.verdigrisignore`, in gitignore's syntax, does not name."""
    try:
        lines = (root / _IGNORE_FILE).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return paths
    from pathspec import GitIgnoreSpec  # only where there is such a file: importing takes 30 ms

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise SettingsError(f"{root / _IGNORE_FILE}: {error}; correct or remove it") from error
    return [path for path in paths if not spec.match_file(path)]


def _statuses(root: Path, paths: Sequence[str], skipped: Counter[str]) -> dict[str, str]:
    """Path → status of the regular files among the paths; others are counted in `skipped`."""
    statuses = {}
    youngest = time.time_ns() - _RACY_NS
    for path in paths:
        try:
            seen = os.lstat(f"{root}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            skipped["not readable"] += 1
            continue
        if not stat.S_ISREG(seen.st_mode):
            skipped[_unreadable_kind(seen.st_mode)] += 1
        elif seen.st_mtime_ns > youngest:
            statuses[path] = _RACY
        else:
            times = f"{seen.st_mtime_ns}:{seen.st_ctime_ns}"
            statuses[path] = f"{parser_version(path)}:{seen.st_size}:{times}:{seen.st_ino}"
    return statuses


def _unreadable_kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "submodule"  # git lists no other directories
    return "symbolic link" if stat.S_ISLNK(mode) else "not a regular file"


def _version_on_disk(root: Path, path: str, max_bytes: int) -> str:
    """The version of a file that will be read, or `!REASON` for one that will not."""
    data = _read_bytes(root, path, max_bytes)
    if isinstance(data, Skipped):
        return f"!{data.reason}"
    reason = "" if _is_extracted(path) else unwanted(path, decode(data.bytes).text)
    return f"!{reason}" if reason else version_of(data.bytes, parser_version(path))


def _is_extracted(path: str) -> bool:
    format_ = format_of(path)
    return format_ is not None and is_installed(format_)


def _extracted(path: str, data: bytes, extract_pdf: Callable[[bytes], Extracted]) -> Extracted:
    """A file's text: extracted where it is no plain text, else decoded."""
    format_ = format_of(path)
    if format_ and is_installed(format_):
        return extract_pdf(data) if format_ is PDF else format_.extract(data)
    decoded = decode(data)
    return Extracted(decoded.text, (), decoded.warning)


def _unwanted(path: str, text: str) -> str:
    return "" if _is_extracted(path) else unwanted(path, text)


def _read_bytes(root: Path, path: str, max_bytes: int) -> _FileBytes | Skipped:
    full = root / path
    if os.path.realpath(full.parent) != str(full.parent):
        return Skipped(path, "symbolic link")  # one of its folders was replaced by a link
    try:
        descriptor = os.open(full, _OPEN_FLAGS)
    except FileNotFoundError:
        return Skipped(path, "missing")
    except OSError as error:
        return Skipped(path, "symbolic link" if error.errno == errno.ELOOP else "not readable")
    seen = os.fstat(descriptor)
    if reason := _unreadable(path, seen, max_bytes):
        os.close(descriptor)
        return Skipped(path, reason)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(seen.st_size)
    if is_binary(data) and not _begins_like_its_name(path, data):
        return Skipped(path, "binary")
    return _FileBytes(data, seen.st_mtime)


def _unreadable(path: str, seen: os.stat_result, max_bytes: int) -> str:
    """Why an open file is not read, without looking into it; '' when it is."""
    if not stat.S_ISREG(seen.st_mode):
        return _unreadable_kind(seen.st_mode)
    format_ = format_of(path)
    if format_ and format_.is_binary and not is_installed(format_):
        return f"needs verdigris[{format_.extra}]"
    most = max_bytes
    if format_ and format_.has_pictures:
        most *= PICTURES
    elif _SESSION_LOG.search(path):
        most *= _LONG_LOGS
    return "too large" if seen.st_size > most else ""


def _begins_like_its_name(path: str, data: bytes) -> bool:
    format_ = format_of(path)
    return format_ is not None and format_.is_binary and format_.begins in data[:_MAGIC_WITHIN]
