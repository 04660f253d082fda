"""Pulls a model from the Hugging Face hub: a pinned revision, resumable, verified, then installed.

Protocol: huggingface_hub, `resolve/{revision}/{file}`. HEAD gives commit, size and hash (the
SHA-256 of large files, the git blob hash of small ones); GET takes ranges.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self, TypeVar, cast
from urllib.parse import urlsplit

from verdigris.engine.folders import models_folder
from verdigris.engine.installing import install, installing
from verdigris.engine.model_rows import ModelRow, PinnedFile
from verdigris.engine.model_store import ModelFile, StoredModel, find_model, sha256_of
from verdigris.errors import CorruptModel, ModelNotFound, Offline, PullFailed

Result = TypeVar("Result")

RETRY_SECONDS = (0.5, 1.5)
"""How long to wait before each further attempt at what may pass: no connection, 429, 5xx."""
_PASSING = (408, 429, 500, 502, 503, 504)
_HEAD_SECONDS = 15.0
_TRUE = ("1", "ON", "YES", "TRUE")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class PullProgress(Protocol):
    """Watches the files of a pull."""

    def start(self, step: str, total: int) -> None:
        """A file begins; `total` bytes, 0 if that is not known."""

    def advance(self, count: int) -> None:
        """So many more bytes are here."""

    def finish(self) -> None:
        """The file is here."""


@dataclass(frozen=True, slots=True)
class _Remote:
    """What the hub says of one file."""

    pinned: PinnedFile
    location: str
    size: int
    hash: str
    """SHA-256 (64 hex digits), or git blob hash (40)."""


def is_offline() -> bool:
    """Whether the environment forbids the network, read as huggingface_hub reads it."""
    said = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return said.upper() in _TRUE


def pull(
    row: ModelRow,
    *,
    offline: bool = False,
    progress: PullProgress | None = None,
    models: Path | None = None,
) -> StoredModel:
    """Fetch the files that a row needs, unless they are here; returns the model, verified.

    What has arrived of a file is kept when the connection or the process breaks, and the next
    pull goes on from there. HF_ENDPOINT, HF_TOKEN and the usual proxy variables are respected.
    Raises Offline where the network is forbidden but needed, PullFailed otherwise, and
    ModelNotFound or CorruptModel for a model without a repository that is not here or not whole.
    """
    models = models or models_folder()
    if (stored := _already_here(row, models)) is not None:
        return stored
    if offline or is_offline():
        raise Offline(
            f"model {row.reference!r} is not on this machine, and the network is forbidden "
            f"(--offline or HF_HUB_OFFLINE); pull it without, or import its archive"
        )
    with installing(row, models) as staging:
        remotes = [_ask(row, pinned) for pinned in row.files]
        _check_space(row, remotes, staging)
        files = [_fetch(row, remote, staging, progress) for remote in remotes]
        return install(row, staging, files, models)


def _already_here(row: ModelRow, models: Path) -> StoredModel | None:
    """The model, if it is here and whole to the last byte; what has no repository must be."""
    if not row.repository:
        stored = find_model(row)
        stored.verify()
        return stored
    try:
        stored = find_model(row, models)
        stored.verify()
    except (ModelNotFound, CorruptModel):
        return None
    return stored


def _ask(row: ModelRow, pinned: PinnedFile) -> _Remote:
    """What the hub has under the pinned revision; another commit or hash is refused."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    url = hf_hub_url(row.repository, pinned.name, revision=row.revision, endpoint=endpoint)
    found = _attempt(
        row, pinned, lambda: get_hf_file_metadata(url, timeout=_HEAD_SECONDS, endpoint=endpoint)
    )
    if found.commit_hash != row.revision:
        raise PullFailed(
            f"{url} is of commit {found.commit_hash}, not of the pinned one; is the mirror a hub?"
        )
    remote = _Remote(
        pinned, found.location, found.size or pinned.bytes, pinned.sha256 or found.etag or ""
    )
    if not _HASH.fullmatch(remote.hash):
        raise PullFailed(f"{url} has no hash to verify it by, and none is pinned")
    if pinned.bytes and remote.size != pinned.bytes:
        raise PullFailed(
            f"{url} has {remote.size:,} bytes instead of the pinned {pinned.bytes:,}; "
            f"nothing was pulled"
        )
    return remote


def _fetch(
    row: ModelRow, remote: _Remote, staging: Path, progress: PullProgress | None
) -> ModelFile:
    """Bring one file into `staging`, going on from what is there, and verify it."""
    path = staging / remote.pinned.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():  # whole and verified by an attempt that failed at a later file
        path.replace(path.with_name(f"{path.name}.part"))
    part = path.with_name(f"{path.name}.part")
    if part.is_file() and remote.size and part.stat().st_size > remote.size:
        part.unlink()
    _attempt(row, remote.pinned, lambda: _receive(remote, part, progress))
    _verify(row, remote, part)
    part.replace(path)
    return ModelFile(remote.pinned.name, path.stat().st_size, sha256_of(path, "pull it again"))


def _receive(remote: _Remote, part: Path, progress: PullProgress | None) -> None:
    """Append what is missing; huggingface_hub retries a cut connection with a range by itself."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    headers = build_hf_headers()
    if urlsplit(remote.location).netloc != urlsplit(_endpoint()).netloc:
        headers.pop("authorization", None)  # a signed address elsewhere must not get the token
    with part.open("ab") as stream:
        here = stream.tell()
        watched = _Watched(stream, progress)
        if progress is not None:
            progress.start(remote.pinned.name, remote.size)
            progress.advance(here)
        try:
            http_get(
                remote.location,
                cast(BinaryIO, watched),
                resume_size=here,
                headers=headers,
                expected_size=remote.size or None,
                tqdm_class=cast(Any, _NoBar),
            )
        finally:
            if progress is not None:
                progress.finish()


def _endpoint() -> str:
    from huggingface_hub import constants

    return os.environ.get("HF_ENDPOINT") or constants.ENDPOINT


class _NoBar:
    """A tqdm that shows nothing: huggingface_hub would draw its own bar beside ours."""

    def __init__(self, *_: object, **__: object) -> None:
        """Takes whatever tqdm takes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def update(self, count: float) -> None:
        """Nothing to draw."""


class _Watched:
    """A file that tells how much is written to it."""

    def __init__(self, stream: BinaryIO, progress: PullProgress | None) -> None:
        self._stream, self._progress = stream, progress
        self.tell, self.seek, self.truncate = stream.tell, stream.seek, stream.truncate
        self.flush = stream.flush

    def write(self, content: bytes) -> int:
        if self._progress is not None:
            self._progress.advance(len(content))
        return self._stream.write(content)


def _verify(row: ModelRow, remote: _Remote, part: Path) -> None:
    """Compare the hash; what is wrong is deleted, because going on from it could not mend it."""
    found = sha256_of(part, "pull it again") if len(remote.hash) == 64 else _git_blob_hash(part)
    if found != remote.hash:
        part.unlink()
        raise PullFailed(
            f"{remote.pinned.name} of {row.repository} arrived with hash {found} instead of "
            f"{remote.hash}; it was deleted; run: verdigris model pull {row.reference}"
        )


def _git_blob_hash(path: Path) -> str:
    """SHA-1 of `blob SIZE`, a zero byte and the content (gitformat-loose)."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _check_space(row: ModelRow, remotes: list[_Remote], staging: Path) -> None:
    needed = sum(remote.size for remote in remotes)
    free = shutil.disk_usage(staging).free
    if free < needed:
        raise PullFailed(
            f"model {row.name!r} needs {needed:,} bytes, and {staging} has room for {free:,}"
        )


def _attempt(row: ModelRow, pinned: PinnedFile, action: Callable[[], Result]) -> Result:
    """Do something with the network, again if it may pass. Raises PullFailed in one line.

    Every error of the library is caught: its transport errors have no base class of their own
    that is the same in all of its versions.
    """
    for wait in (*RETRY_SECONDS, None):
        try:
            return action()
        except Exception as error:
            if wait is None or not _may_pass(error):
                raise PullFailed(_explanation(row, pinned, error)) from error
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _status(error: Exception) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _may_pass(error: Exception) -> bool:
    status = _status(error)
    return status in _PASSING if status is not None else not isinstance(error, OSError | ValueError)


def _explanation(row: ModelRow, pinned: PinnedFile, error: Exception) -> str:
    what = f"{pinned.name} of {row.repository} at {row.revision[:10]}"
    again = f"run again: verdigris model pull {row.reference}"
    status = _status(error)
    if status == 404:
        return f"the hub does not have {what}"
    if status in (401, 403):
        return f"the hub refuses {what} (status {status}); set HF_TOKEN, or ask for access"
    if status is not None:
        return f"the hub answered {status} for {what}; {again}"
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"{what} could not be fetched ({first_line}); what has arrived is kept; {again}"
