"""A small server that speaks the hub's protocol, with the faults that a network has."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """Files by `owner/name/path`, what goes wrong with them, and what was asked for."""

    commit: str
    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    """Files in large-file storage: HEAD redirects, and tells their SHA-256."""
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """Bytes after which each further GET of a file breaks off."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Statuses that the next requests (`GET name`: of that method) get; 0 is the answer itself."""
    lies: dict[str, bytes] = field(default_factory=dict)
    """What GET sends instead of the file."""
    claims: str = ""
    """The commit that answers tell, if it is not the one that was asked for."""
    ignores_ranges: bool = False
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path in the repository and range of every request."""
    authorizations: list[str] = field(default_factory=list)
    url: str = ""
    storage: str = ""
    """Where large files are said to lie: under another name, as the hub's are."""

    def ranges(self, name: str) -> list[str]:
        """The ranges of all GETs of a file."""
        return [one[2] for one in self.requests if one[0] == "GET" and one[1].endswith(name)]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Tests read `requests` instead."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        hub, path = self.hub, self.path.strip("/")
        name = path.removeprefix("cdn/").replace(f"/resolve/{hub.commit}", "")
        hub.requests.append((self.command, name, self.headers.get("Range", "")))
        hub.authorizations.append(self.headers.get("Authorization", ""))
        statuses = hub.statuses.get(f"{self.command} {name}") or hub.statuses.get(name)
        if status := statuses.pop(0) if statuses else 0:
            self._empty(status)
        elif name not in hub.files:
            self._empty(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": hub.commit})
        elif body:
            self._content(name)
        else:
            self._describe(name)

    def _describe(self, name: str) -> None:
        content = self.hub.files[name]
        commit = self.hub.claims or self.hub.commit
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if name in self.hub.large:
            headers["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            headers["X-Linked-Size"] = str(len(content))
            headers["Location"] = f"{self.hub.storage}/cdn/{name}"
            self._empty(302, headers)
            return
        blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        headers["ETag"] = f'"{blob}"'
        self._head(200, len(content), headers)

    def _content(self, name: str) -> None:
        content = self.hub.lies.get(name, self.hub.files[name])
        begin, asked = 0, self.headers.get("Range", "")
        if asked and not self.hub.ignores_ranges:
            begin = int(asked.removeprefix("bytes=").rstrip("-"))
        headers = {"X-Repo-Commit": self.hub.commit}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._head(206 if begin else 200, len(content) - begin, headers)
        cuts = self.hub.cut_after.get(name)
        end = begin + cuts.pop(0) if cuts else len(content)
        self.wfile.write(content[begin:end])
        self.close_connection = True

    def _empty(self, status: int, headers: dict[str, str] | None = None) -> None:
        self._head(status, 0, headers or {})

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of this machine until the block ends."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    hub.storage = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
