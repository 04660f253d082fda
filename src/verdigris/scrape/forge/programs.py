"""Asks the forge's own command line, gh or glab, for issues: page by page, newest change first.

The programs know the server, the repository and the login; nothing else here reaches for the
network, and nothing calls this unless the user asked for a forge.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from verdigris.errors import ForgeError
from verdigris.scrape.forge.queries import DISCUSSIONS, ISSUES, PULL_REQUESTS
from verdigris.scrape.forge.records import Record
from verdigris.scrape.repository import Repository, git_output, git_succeeds

PROGRAMS = ("gh", "glab")
_SECONDS = 180
"""Longer than the forges' own limits for one request."""
_GITLAB_PAGE = 50
_LONGEST_COMPLAINT = 200
_INSTALL = {"gh": "https://cli.github.com", "glab": "https://gitlab.com/gitlab-org/cli"}
_FROM_FILE = "or import an exported file: verdigris scrape forge --from FILE"
_AGAIN = "run again: verdigris scrape forge"
_MENDS = {
    ("auth login", "401", "authentication", "host configurations"): "log in: {program} auth login",
    ("rate limit",): f"wait, then {_AGAIN} (it goes on where it was)",
    ("git remote", "known github host"): f"add the forge as a git remote, {_FROM_FILE}",
    ("404", "could not resolve to a repository"): (
        "see that `git remote -v` names the repository, and that your login may read it"
    ),
    ("invalid character",): f"the server gave no JSON, it may be busy: wait, then {_AGAIN}",
}
"""Words of a complaint, in lower case → what mends it.

glab 1.53 does not tell the status of an answer without JSON, such as a gateway's 502.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and where the next page begins: '' after the last."""

    records: tuple[Record, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One list of a forge, most recently changed first."""

    name: str
    read: Callable[[str], Page]
    optional: bool = False
    """Not every forge or repository has it, so that failing is worth a warning only."""
    complete: Callable[[Record], Record] | None = None
    """A record with what its list lacks, by one more request."""


def program_for(repository: Repository) -> str:
    """The program for the forge that `origin` lies on: glab for GitLab, else gh."""
    query = ("config", "--get", "remote.origin.url")
    known = git_succeeds(repository.root, *query)
    url = git_output(repository.root, *query) if known else b""
    return "glab" if b"gitlab" in url.lower() else "gh"


def streams_of(program: str, root: Path) -> tuple[Stream, ...]:
    """The lists that `gh` or `glab` can give, run in `root`."""
    if program == "glab":
        return tuple(
            Stream(
                name,
                partial(_gitlab_page, root, name),
                complete=partial(_with_threads, root, name),
            )
            for name in ("issues", "merge_requests")
        )
    return (
        Stream("issues", partial(_github_page, root, "issues", ISSUES)),
        Stream("pullRequests", partial(_github_page, root, "pullRequests", PULL_REQUESTS)),
        Stream("discussions", partial(_github_page, root, "discussions", DISCUSSIONS), True),
    )


def _github_page(root: Path, name: str, query: str, after: str) -> Page:
    arguments = ["api", "graphql", "-F", "owner={owner}", "-F", "name={repo}"]
    arguments += ["-f", f"query={query}", *(["-f", f"after={after}"] if after else [])]
    answer = _json("gh", root, arguments)
    try:
        connection = answer["data"]["repository"][name]
        more = connection["pageInfo"]
        records = tuple(node for node in connection["nodes"] if node)
        return Page(records, more["endCursor"] if more["hasNextPage"] else "")
    except (KeyError, TypeError) as error:
        raise ForgeError(f"gh gave no {name}; update gh, {_FROM_FILE}") from error


def _gitlab_page(root: Path, name: str, after: str) -> Page:
    number = int(after or "1")
    query = f"state=all&order_by=updated_at&sort=desc&per_page={_GITLAB_PAGE}&page={number}"
    found = _json("glab", root, ["api", f"projects/:fullpath/{name}?{query}"])
    if not isinstance(found, list):
        raise ForgeError(f"glab gave no {name}; update glab, {_FROM_FILE}")
    records = tuple(one for one in found if isinstance(one, dict))
    return Page(records, str(number + 1) if len(found) == _GITLAB_PAGE else "")


def _with_threads(root: Path, name: str, record: Record) -> Record:
    """GitLab's lists have no comments."""
    if not record.get("user_notes_count"):
        return record
    path = f"projects/:fullpath/{name}/{record.get('iid')}/discussions?per_page=100"
    return {**record, "discussions": _json("glab", root, ["api", path])}


def _json(program: str, root: Path, arguments: list[str]) -> Any:  # noqa: ANN401 - whatever JSON holds
    output = _run(program, root, arguments)
    try:
        return json.loads(output)
    except (ValueError, RecursionError) as error:
        raise ForgeError(
            f"{program} broke off or printed no JSON; what came before is kept; {_AGAIN}"
        ) from error


def _run(program: str, root: Path, arguments: list[str]) -> bytes:
    found = shutil.which(program)
    if found is None:
        raise ForgeError(
            f"{program} is not installed; install it ({_INSTALL[program]}), {_FROM_FILE}"
        )
    try:
        result = subprocess.run(
            [found, *arguments],
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ForgeError(f"{program} gave no answer in {_SECONDS} s; {_AGAIN}") from error
    except OSError as error:
        raise ForgeError(f"{program} cannot be run ({error.strerror}); reinstall it") from error
    if result.returncode:
        raise ForgeError(_complaint(program, result.stderr))
    return result.stdout


def _environment() -> Mapping[str, str]:
    """No questions, no colours, no update notices: nobody could answer or would read them."""
    quiet = {
        "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_PROMPT": "1",
        "GLAB_CHECK_UPDATE": "false", "NO_COLOR": "1",
    }  # fmt: skip
    return os.environ | quiet


def _complaint(program: str, stderr: bytes) -> str:
    """One line: what the program said, and what mends it."""
    text = " ".join(stderr.decode("utf-8", errors="replace").split())
    said = shorten(text.removeprefix(f"{program}: "), _LONGEST_COMPLAINT, placeholder=" …")
    mends = (mend for marks, mend in _MENDS.items() if any(mark in text.lower() for mark in marks))
    mend = next(mends, _AGAIN).format(program=program)
    return f"{program} failed: {said or 'no message'}; {mend}"
