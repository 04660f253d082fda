"""Where an agent's files lie, and what verdigris remembers of those that it changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from verdigris.capture.agents.known import Agent
from verdigris.capture.file_replacing import replace_file
from verdigris.capture.session_files import make_ignored
from verdigris.errors import AgentError

_RECORDS = "files.json"


@dataclass(frozen=True, slots=True)
class Place:
    """One repository, or all of a user's projects."""

    state: Path
    """Folder of backups and records."""
    root: Path | None = None
    """Top of the work tree; None for all projects."""
    home: Path = field(default_factory=Path.home)

    def hooks_file(self, agent: Agent) -> Path | None:
        """The file that names the hooks; None for an agent without hooks."""
        return self._folder(agent) / agent.hooks_file if agent.hooks_file else None

    def instructions_file(self, agent: Agent) -> Path:
        """The markdown file that the agent reads."""
        return (self.root or self._folder(agent)) / agent.instructions

    def _folder(self, agent: Agent) -> Path:
        if self.root:
            return self.root / agent.home
        if not agent.home:
            raise AgentError(
                f"{agent.title} has no file for all projects; leave out --global in a repository"
            )
        given = os.environ.get(agent.home_variable, "") if agent.home_variable else ""
        return Path(given).expanduser() if given else self.home / agent.home


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that verdigris changed."""

    agents: tuple[str, ...]
    """For whom."""
    written: str
    """SHA-256 of what was written last."""
    backup: str
    """The file in the state folder with the bytes from before; '' where there was no file."""


def digest(content: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


def read_records(place: Place) -> dict[str, FileRecord]:
    """Path → record. Raises AgentError where the records cannot be understood."""
    path = place.state / _RECORDS
    try:
        rows = json.loads(path.read_bytes())
        return {
            name: FileRecord(tuple(row["agents"]), row["written"], row["backup"])
            for name, row in rows.items()
        }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AgentError(f"{path} is damaged; delete it, and install again") from error


def write_records(place: Place, records: Mapping[str, FileRecord]) -> None:
    """Remember; without any record the state folder goes. Raises OSError."""
    if records:
        _make(place)
        rows = {name: asdict(record) for name, record in records.items()}
        replace_file(place.state / _RECORDS, json.dumps(rows, indent=2).encode())
        return
    (place.state / _RECORDS).unlink(missing_ok=True)
    with suppress(OSError):
        place.state.rmdir()
        if place.root is None:
            place.state.parent.rmdir()


def save_backup(place: Place, path: Path, content: bytes) -> str:
    """Keep the bytes of a file from before; returns the backup's name. Raises OSError."""
    name = f"{digest(str(path).encode())[:8]}-{path.name}"
    _make(place)
    replace_file(place.state / name, content)
    return name


def _make(place: Place) -> None:
    if place.root:
        make_ignored(place.state.parent)
    place.state.mkdir(parents=True, exist_ok=True)
