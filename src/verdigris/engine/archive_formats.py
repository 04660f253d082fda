"""Two forms of archive, tar and zip: written without time or owner, read with suspicion."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from verdigris.engine.model_rows import is_inside
from verdigris.errors import EngineError, InvalidArchive

FORMATS = (".tar", ".zip")
LARGEST_GROWTH = 50
"""Weights hardly get smaller by packing; what grows more when it is unpacked is no model."""
_FREE_GROWTH = 1 << 20
_WHOLE_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""
_COPIED_AT_ONCE = 1 << 20
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What the two libraries raise for what they cannot read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file in an archive; `open` gives its content, to be read once."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def write_archive(target: Path, files: Sequence[Member]) -> None:
    """Write a `.tar` or a `.zip`, in one step: the same files give the same bytes.

    Raises EngineError for another ending, or a target that cannot be written.
    """
    if target.suffix not in FORMATS:
        raise EngineError(f"cannot write {target}: name it .tar or .zip")
    part = target.with_name(f"{target.name}.part")
    try:
        (_write_zip if target.suffix == ".zip" else _write_tar)(part, files)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EngineError(f"cannot write {target}: {error.strerror}") from error


def _write_tar(part: Path, files: Sequence[Member]) -> None:
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            member = tarfile.TarInfo(file.name)
            member.size, member.mode = file.size, 0o644
            with file.open() as stream:
                archive.addfile(member, stream)


def _write_zip(part: Path, files: Sequence[Member]) -> None:
    """Stored, not compressed: zlib's output depends on its version, and weights gain 8 %."""
    with zipfile.ZipFile(part, "w") as archive:
        for file in files:
            member = zipfile.ZipInfo(file.name, _WHOLE_EPOCH)
            member.file_size, member.external_attr = file.size, 0o644 << 16
            member.create_system = 3  # the same on every system
            with file.open() as stream, archive.open(member, "w") as packed:
                while block := stream.read(_COPIED_AT_ONCE):
                    packed.write(block)


@contextmanager
def read_archive(source: Path) -> Iterator[dict[str, Member]]:
    """The files of an archive by name, while the block lasts.

    Raises InvalidArchive for what is no whole archive, and for any name, kind or size that must
    not be unpacked: absolute paths, `..`, links, devices, folders, encrypted files, bombs.
    """
    try:
        form = _open_zip if zipfile.is_zipfile(source) else _open_tar
        with form(source) as members:
            yield _by_name(source, members)
    except _DAMAGED as error:
        said = (str(error).splitlines() or ["it ends too early"])[0]
        raise InvalidArchive(f"{source} is no whole tar or zip archive ({said})") from error
    except FileNotFoundError as error:
        raise InvalidArchive(f"no archive at {source}") from error
    except IsADirectoryError as error:
        raise InvalidArchive(f"{source} is a folder, not an archive") from error


def _by_name(source: Path, members: Sequence[Member]) -> dict[str, Member]:
    named: dict[str, Member] = {}
    for member in members:
        if not is_inside(member.name) or member.name in named:
            raise InvalidArchive(f"{source} holds the path {member.name!r}; nothing was unpacked")
        named[member.name] = member
    total = sum(member.size for member in members)
    if total > LARGEST_GROWTH * source.stat().st_size + _FREE_GROWTH:
        raise InvalidArchive(f"{source} would grow to {total:,} bytes; nothing was unpacked")
    return named


@contextmanager
def _open_tar(source: Path) -> Iterator[list[Member]]:
    with tarfile.open(source, "r:") as archive:
        members = []
        for one in archive:
            if not one.isreg():
                raise _not_plain(source, one.name)
            members.append(Member(one.name, one.size, partial(_content, archive, one)))
        yield members


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(member) or io.BytesIO()


@contextmanager
def _open_zip(source: Path) -> Iterator[list[Member]]:
    with zipfile.ZipFile(source) as archive:
        members = []
        for one in archive.infolist():
            kind = stat.S_IFMT(one.external_attr >> 16)
            if one.is_dir() or kind not in (0, stat.S_IFREG) or one.flag_bits & 1:
                raise _not_plain(source, one.orig_filename)
            members.append(Member(one.orig_filename, one.file_size, partial(archive.open, one)))
        yield members


def _not_plain(source: Path, name: str) -> InvalidArchive:
    return InvalidArchive(f"{source} holds {name!r}, which is not a plain file; nothing unpacked")
