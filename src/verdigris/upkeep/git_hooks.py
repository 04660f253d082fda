"""Git hooks that refresh the index in the background: installed, removed, told; and what they run.

A hook gets a marked block of its own right below its first line, since what stands there already
may end with `exit` or `exec`. Removing takes out that block alone.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import HookError, StorageError
from verdigris.file_lock import lock_file
from verdigris.scrape.repository import Repository, git_output
from verdigris.upkeep.locations import Locations

HOOKS = ("post-commit", "post-merge", "post-checkout", "post-rewrite")

_BEGIN = "# >>> verdigris: refreshes its index in the background; `verdigris hook remove` >>>"
_END = "# <<< verdigris <<<"
_BLOCK = re.compile(rf"^{re.escape(_BEGIN)}\n.*?^{re.escape(_END)}\n", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"#!\s*\S*(?:/|\s)(?:sh|bash|dash|zsh|ksh)\b")
_OWN_FIRST_LINE = "#!/bin/sh\n"
_PROGRAM = '"from verdigris.serve.cli import main; main()"'
_COMMAND = "hook run </dev/null >/dev/null 2>&1 &"


@dataclass(frozen=True, slots=True)
class HookState:
    """One hook: whether it calls verdigris, and whether it does other things."""

    name: str
    path: Path
    installed: bool
    others: bool


def hook_states(repository: Repository) -> list[HookState]:
    """All hooks that `install` writes, as they are."""
    folder = _hooks_folder(repository)
    states = []
    for name in HOOKS:
        text = _read(folder / name)
        rest = _BLOCK.sub("", text)
        states.append(
            HookState(name, folder / name, rest != text, rest not in ("", _OWN_FIRST_LINE))
        )
    return states


def install_hooks(repository: Repository) -> list[HookState]:
    """Put the block into every hook that has none, or an old one; all or none is written.

    Raises HookError where a hook is no shell script, or the folder is not this repository's own.
    """
    folder = _hooks_folder(repository)
    _refuse_shared(repository, folder)
    texts = {
        folder / name: _with_block(folder / name, _block(repository, folder)) for name in HOOKS
    }
    for path, text in texts.items():
        _write(path, text)
    return hook_states(repository)


def remove_hooks(repository: Repository) -> list[HookState]:
    """Take the block out again; a hook that held nothing else is deleted. Returns where it was."""
    found = [state for state in hook_states(repository) if state.installed]
    for state in found:
        rest = _BLOCK.sub("", _read(state.path))
        if state.others:
            _write(state.path, rest)
        else:
            state.path.unlink()
    return found


def run_in_turn(locations: Locations, refresh: Callable[[], None]) -> bool:
    """Refresh for a hook; of many hooks at once one refreshes, as long as new ones come.

    Returns whether it was this one.
    """
    pending = locations.folder / "hook.pending"
    pending.touch()
    ran = False
    while pending.exists():
        try:
            descriptor = lock_file(locations.folder / "hook.lock")
        except TimeoutError:  # the one that refreshes will see that there is more to do
            return ran
        try:
            while pending.exists():
                pending.unlink(missing_ok=True)
                refresh()
                ran = True
        finally:
            os.close(descriptor)
    return ran


def _hooks_folder(repository: Repository) -> Path:
    """Where git looks for hooks; core.hooksPath may say so."""
    shown = git_output(repository.root, "rev-parse", "--git-path", "hooks")
    return (repository.root / os.fsdecode(shown).removesuffix("\n")).resolve()


def _refuse_shared(repository: Repository, folder: Path) -> None:
    own = (repository.common_dir.resolve(), repository.root.resolve())
    if not any(folder.is_relative_to(place) for place in own):
        raise HookError(
            f"core.hooksPath names {folder}, which other repositories may share; "
            "call `verdigris hook run &` from its hooks yourself"
        )


def _block(repository: Repository, folder: Path) -> str:
    """The lines for a hook; a folder in the work tree may be shared, so no path of ours there."""
    if folder.is_relative_to(repository.common_dir.resolve()):
        python = shlex.quote(Path(sys.executable).as_posix())
        call = f"if [ -x {python} ]; then\n  {python} -c {_PROGRAM} {_COMMAND}\nfi"
    else:
        call = f"if command -v verdigris >/dev/null; then\n  verdigris {_COMMAND}\nfi"
    return f"{_BEGIN}\n{call}\n{_END}\n"


def _with_block(path: Path, block: str) -> str:
    if not path.exists():
        return _OWN_FIRST_LINE + block
    text = _BLOCK.sub("", _read(path))
    first, newline, rest = text.partition("\n")
    if first.startswith("#!") and not _SHELL.match(first):
        raise HookError(
            f"{path} is no shell script; call `verdigris hook run` from it in the background"
        )
    if text and not os.access(path, os.X_OK):
        raise HookError(f"{path} is switched off (not executable); switch it on: chmod +x {path}")
    if not first.startswith("#!"):
        return block + text
    return f"{first}\n{block}{rest}" if newline else f"{first}\n{block}"


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StorageError(
            f"cannot read {path} ({error.strerror}); mend its permissions"
        ) from error


def _write(path: Path, text: str) -> None:
    """Replace a hook in one step, keeping its permissions; a new one can be run by all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.resolve()
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o755
        made = target.with_name(f".{target.name}.verdigris")
        made.write_bytes(text.encode("utf-8", errors="surrogateescape"))
        made.chmod(mode)
        made.replace(target)
    except OSError as error:
        raise StorageError(
            f"cannot write {path} ({error.strerror}); make its folder writable"
        ) from error
