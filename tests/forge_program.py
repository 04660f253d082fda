"""A program named `gh` or `glab` for tests: it prints what a folder of JSON files holds, in pages.

It stands for a program of others, with the shapes of their answers: GitHub's GraphQL connections,
and GitLab's lists. What it was asked is kept in `calls`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

PROGRAM = """\
#!{python}
import json, pathlib, re, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
number = len((folder / "calls").read_text().splitlines())
for failure in sorted(folder.glob("failure*")):
    told = json.loads(failure.read_text())
    if number >= told["from"] and told["only"] in " ".join(arguments):
        sys.stdout.write(told["out"])
        sys.stderr.write(told["err"])
        sys.exit(told["code"])
def records(name):
    file = folder / (name + ".json")
    return json.loads(file.read_text()) if file.exists() else []
if pathlib.Path(sys.argv[0]).name == "glab":
    address = arguments[1]
    if threads := re.fullmatch(r"projects/:fullpath/(\\w+)/(\\d+)/discussions.*", address):
        print(json.dumps(records("discussions-" + threads[1] + "-" + threads[2])))
    else:
        name = re.fullmatch(r"projects/:fullpath/(\\w+)\\?.*", address)[1]
        page = int(re.search(r"[&?]page=(\\d+)", address)[1])
        print(json.dumps(records(name)[(page - 1) * 50 : page * 50]))
else:
    fields = dict(one.partition("=")[::2] for one in arguments[2:] if not one.startswith("-"))
    name = re.search(r"(issues|pullRequests|discussions)\\(first: \\d+, after", fields["query"])[1]
    start = int(fields.get("after", "0"))
    nodes = records(name)
    page = {{"hasNextPage": start + 2 < len(nodes), "endCursor": str(start + 2)}}
    connection = {{"pageInfo": page, "nodes": nodes[start : start + 2]}}
    print(json.dumps({{"data": {{"repository": {{name: connection}}}}}}))
"""


class ForgeProgram:
    """The program in a folder of its own, first in PATH."""

    def __init__(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        script = folder / name
        script.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=":")

    def holds(self, name: str, *records: dict[str, object]) -> None:
        """What the forge has in one list, most recently changed first."""
        (self.folder / f"{name}.json").write_text(json.dumps(records))

    def fails(
        self, err: str = "", out: str = "", code: int = 1, since: int = 1, only: str = ""
    ) -> None:
        """From its call number `since` on, where `only` is asked, it does this instead."""
        told = {"err": err, "out": out, "code": code, "from": since, "only": only}
        (self.folder / "failure").write_text(json.dumps(told))

    def works(self) -> None:
        """It does what it should again, and forgets what it was asked."""
        (self.folder / "failure").unlink(missing_ok=True)
        (self.folder / "calls").unlink(missing_ok=True)

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def issue(
    number: int, title: str, updated: str = "2026-01-02T00:00:00Z", **more: object
) -> dict[str, object]:
    """An issue as GitHub's GraphQL gives it."""
    return {
        "number": number,
        "title": title,
        "body": f"Body of {number}.",
        "url": f"https://github.com/ada/kettle/issues/{number}",
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": updated,
        "author": {"login": "ada", "__typename": "User"},
        "labels": {"nodes": [{"name": "bug"}]},
        "state": "OPEN",
        "comments": {"totalCount": 0, "nodes": []},
        **more,
    }


def pull(number: int, title: str, **more: object) -> dict[str, object]:
    """A merged pull request as GitHub's GraphQL gives it."""
    merged: dict[str, object] = {
        "url": f"https://github.com/ada/kettle/pull/{number}",
        "state": "MERGED",
        "mergedAt": "2026-01-02T00:00:00Z",
    }
    return issue(number, title) | merged | more
