"""The verbs of a work session: start, update, note, end, archive, resume, and reading logs back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property

from verdigris.capture import session_log as text_of
from verdigris.capture.session_files import (
    SessionFiles,
    change_text,
    forget_open_log,
    locate_logs,
    locked,
    log_name,
    log_paths,
    open_log,
    opened_by,
    read_text,
    reserve_log,
    set_open_log,
    why_unread,
    write_text,
)
from verdigris.capture.session_log import ACTIVE, ARCHIVED, ENDED, Head, Statements
from verdigris.capture.work_tree import (
    GitMetrics,
    WorkTree,
    begin_tag,
    count_commits,
    git_metrics,
    has_tag,
    path_within,
    remove_tag,
    tracked_logs,
)
from verdigris.errors import RepositoryError, SessionError, StorageError, VerdigrisError
from verdigris.named_tuple import NamedTuple

__all__ = ["Captured", "SessionCapture", "SessionSummary", "Statements"]

_BEGIN = 'begin one: verdigris session start "TITLE"'


class SessionSummary(NamedTuple):
    """One session as a list shows it; '' and None are unknown."""

    id: str
    """The name of its log, by which `show` and `resume` find it."""
    title: str
    status: str
    branch: str
    path: str
    """Of its log, from the root of the work tree where it lies within."""
    started: str
    """UTC."""
    minutes: int | None
    commits: int | None


class Captured(NamedTuple):
    """What a verb wrote: into which log, the text, and what could not be had."""

    id: str
    title: str
    path: str
    text: str
    notes: tuple[str, ...] = ()


class SessionCapture:
    """Writes the sessions of one work tree. Constructing it writes nothing."""

    def __init__(self, tree: WorkTree, sessions_dir: str = "", locks_index: bool = True) -> None:
        """sessions_dir: where logs are kept, from the root; '' finds the folder in use.

        locks_index: as of `git_metrics`.
        """
        self._tree = tree
        self._configured, self._locks_index = sessions_dir, locks_index
        self._files = SessionFiles(tree.root)

    def start(
        self, title: str, goals: Sequence[str] = (), llm: str = "", archive: bool = False
    ) -> Captured:
        """Begin a session: its log and its tag.

        goals: without any, the title is the goal; archive: set aside a session that is still
        open. Raises SessionError where one is open and `archive` is not set, or without a title.
        """
        title = text_of.one_line(title)
        if not title:
            raise SessionError(f"a session needs a title; {_BEGIN}")
        with locked(self._files):
            notes = (*self._make_room(archive), *self._forgotten())
            now = int(time.time())
            head, context = self._new_head(title, llm, now)
            notes += self._missing_tag(head.start_tag, f"session-{head.id}-start")
            log = self.log_path(head.id)
            notes += why_unread(self._tree, log)
            listed = [goal for goal in map(text_of.one_line, goals) if goal] or [title]
            text = text_of.new_log(head, listed, context, text_of.clock_text(now))
            try:
                write_text(log, text)
                set_open_log(self._files, log)
            except StorageError:
                self._take_back(log, head.start_tag)
                raise
        return Captured(head.id, title, log, text, notes)

    def update(self, said: Statements) -> Captured:
        """Add what happened since the last update, with git's facts. Raises SessionError."""
        with locked(self._files):
            log, head = self._open()
            metrics = self._metrics(head, log)
            since = text_of.last_update(read_text(log))
            block = text_of.update_text(_clock(head), since, metrics, said)
            change_text(log, lambda text: text_of.with_block(text, block))
        return Captured(head.id, head.title, log, block)

    def note(self, note: str) -> Captured:
        """Add a note with the place in git it was made at. Raises SessionError."""
        if not note.strip():
            raise SessionError('a note needs a text; say: verdigris session note "TEXT"')
        with locked(self._files):
            log, head = self._open()
            block = f"{self._heading('Note', head)}\n{text_of.free_text(note)}"
            change_text(log, lambda text: text_of.with_block(text, block))
        return Captured(head.id, head.title, log, block)

    def end(self) -> Captured:
        """Close the session: git's facts, classification, status, tag. Raises SessionError."""
        with locked(self._files):
            return self._end()

    def archive(self) -> Captured:
        """Set the open session aside as it is; `resume` can reopen it. Raises SessionError."""
        with locked(self._files):
            return self._archive()

    def resume(self, session: str = "") -> Captured:
        """Go on with the open session, or reopen an archived one.

        session: an id or its beginning; '' is the open one, or else the newest that has not
        ended. Raises SessionError where another one is open, or it has ended.
        """
        with locked(self._files):
            log = self._to_resume(session)
            head = text_of.read_head(read_text(log), log_name(log))
            if head.status == ENDED:
                raise SessionError(f"session {head.id} has ended; {_BEGIN}")
            block = f"{self._heading('Session Resumed', head)}\nGoing on with: {head.title}"
            change_text(log, lambda text: text_of.with_block(text, block, ACTIVE))
            set_open_log(self._files, log)
        return Captured(head.id, head.title, log, block)

    @cached_property
    def folder(self) -> str:
        """Where logs are kept; only asked for where needed: git may have to list its files."""
        root = self._tree.root
        return locate_logs(root, self._configured, lambda: tracked_logs(root))

    def log_path(self, session: str) -> str:
        """Where the log of a session lies, or would lie."""
        return os.path.join(self.folder, f"{session}.md")

    def previous_context(self, before: str = "") -> str:
        """What the newest log, or the newest before one, says that the next session should know."""
        from verdigris.capture.previous_session import previous_context  # only a start needs it

        logs = [log for log in log_paths(self.folder) if not before or log < before]
        if not logs:
            return "No previous session."
        try:
            return previous_context(read_text(logs[-1]), log_name(logs[-1]))
        except VerdigrisError:  # a log that cannot be read must not keep the next from beginning
            return f"The log of the last session could not be read: {os.path.basename(logs[-1])}"

    def sessions(self, most: int | None = None) -> list[SessionSummary]:
        """The newest sessions, at most `most` of them, or all, newest first.

        One that cannot be read has the status `unreadable`.
        """
        opened = open_log(self._files)
        return [self._summary_or_name(log, opened) for log in self._logs()[::-1][:most]]

    def count(self) -> int:
        """How many sessions there are."""
        return len(self._logs())

    def show(self, session: str = "") -> tuple[SessionSummary, str]:
        """A session and its log; '' is the open one, or else the newest.

        session: an id or its beginning. Raises SessionError where none or several begin so.
        """
        logs = self._logs()
        if not session and not logs:
            raise SessionError(f"no session in {self.folder}; {_BEGIN}")
        opened = open_log(self._files)
        log = self._find(session) if session else opened or logs[-1]
        return self._summary(log, opened), read_text(log)

    def _logs(self) -> list[str]:
        """Every log by id, also an open one that lies elsewhere."""
        found = log_paths(self.folder)
        opened = open_log(self._files)
        if opened and opened not in found and os.path.exists(opened):
            found = sorted([*found, opened], key=os.path.basename)
        return found

    def _find(self, beginning: str) -> str:
        matches = [log for log in self._logs() if log_name(log).startswith(beginning)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise SessionError(
                f"{len(matches)} sessions begin with {beginning!r}, "
                f"the last {log_name(matches[-1])}; write more of the id"
            )
        raise SessionError(f"no session {beginning!r}; see: verdigris session list")

    def _open(self) -> tuple[str, Head]:
        """The open session's log and its head, read anew: a person may have edited it."""
        log = open_log(self._files)
        if log is None:
            raise SessionError(f"no session is open in {self._tree.root}; {_BEGIN}")
        return log, text_of.read_head(read_text(log), log_name(log))

    def _make_room(self, archive: bool) -> tuple[str, ...]:
        """Archive the open session if asked to; returns what to say of it."""
        log = open_log(self._files)
        if log is None:
            return ()
        if archive and not os.path.exists(log):
            forget_open_log(self._files)
            return (f"the log of the open session was gone: {log}",)
        head = self._open()[1]
        if opened_by(self._files) and not archive:
            return (f"ended session {self._end().id} ({head.title})",)
        if not archive and head.status != ENDED:
            raise SessionError(
                f"session {head.id} ({head.title}) is still open; go on with it: verdigris session "
                "resume, close it: verdigris session end, or set it aside: add --archive"
            )
        if head.status == ENDED:
            forget_open_log(self._files)
            return ()
        return (f"archived session {self._archive().id} ({head.title})",)

    def _forgotten(self) -> tuple[str, ...]:
        """Says so where the newest log was left open, and what kept it open is gone."""
        logs = log_paths(self.folder)
        with suppress(VerdigrisError):
            head = text_of.read_head(read_text(logs[-1]), log_name(logs[-1])) if logs else None
            if head and head.status == ACTIVE:
                return (
                    f"session {head.id} ({head.title}) was never ended; to go on with it, end this "
                    f"one and run: verdigris session resume {head.id}",
                )
        return ()

    def _end(self) -> Captured:
        log, head = self._open()
        closing = ""
        end_tag = self._begin_end_tag(head)
        # Ended before, but interrupted before it was forgotten: nothing is written twice.
        metrics = None if head.status == ENDED else self._metrics(head, log)
        tag, notes = end_tag()
        if metrics:
            block = f"{self._heading('Session End', head)}\n\n{text_of.metrics_text(metrics)}"
            tags = f"{head.start_tag}..{tag}" if head.start_tag and tag else ""
            section = text_of.classification_text(metrics, _minutes(head), tags)
            closing = f"{block}\n\n{section}"
            change_text(
                log,
                lambda text: text_of.with_section(text_of.with_block(text, block, ENDED), section),
            )
        forget_open_log(self._files)
        return Captured(head.id, head.title, log, closing, notes)

    def _archive(self) -> Captured:
        log, head = self._open()
        block = f"{self._heading('Session Archived', head)}\nLeft open, and set aside as it is."
        change_text(log, lambda text: text_of.with_block(text, block, ARCHIVED))
        forget_open_log(self._files)
        return Captured(head.id, head.title, log, block)

    def _new_head(self, title: str, llm: str, now: int) -> tuple[Head, str]:
        """A session of now, or of the next second that no log and no tag has; its log is empty.

        Also returns what it should know of the one before, which is read while git makes the tag.
        """
        tree = self._tree
        while True:
            session = text_of.session_id(now)
            log, tag = self.log_path(session), f"session-{session}-start"
            if reserve_log(log):
                try:
                    is_made = begin_tag(tree, tag)
                except RepositoryError:
                    self._take_back(log, "")
                    raise
                context = self.previous_context(before=log)
                made = tag if is_made() else ""
                if made or not has_tag(tree, tag):
                    place, moment = (tree.branch, tree.commit), text_of.told_moment(now)
                    return Head(session, title, ACTIVE, llm, *place, made, *moment), context
                os.unlink(log)
            now += 1

    def _missing_tag(self, made: str, wanted: str) -> tuple[str, ...]:
        """Why there is no tag; nothing where there is one."""
        if made:
            return ()
        if not self._tree.commit:
            return ("no tag: the repository has no commit yet",)
        return (f"no tag: git refused {wanted}",)

    def _take_back(self, log: str, tag: str) -> None:
        """Leave nothing of a session that could not begin."""
        with suppress(OSError):
            os.unlink(log)
        if tag:
            remove_tag(self._tree, tag)

    def _begin_end_tag(self, head: Head) -> Callable[[], tuple[str, tuple[str, ...]]]:
        """Have git make the end tag, unless it is there; the result waits for it: '' and why not.

        A session that began without a tag, since an agent's hook began it, ends without one.
        """
        if opened_by(self._files):
            return lambda: ("", ())
        tag = f"session-{head.id}-end"
        is_made = begin_tag(self._tree, tag)

        def finish() -> tuple[str, tuple[str, ...]]:
            made = tag if is_made() or has_tag(self._tree, tag) else ""
            return made, self._missing_tag(made, tag)

        return finish

    def _to_resume(self, session: str) -> str:
        opened = open_log(self._files)
        if opened and not session:
            return opened
        if not session:
            for one in self.sessions():
                if one.status in (ACTIVE, ARCHIVED):
                    return self._find(one.id)
            raise SessionError(f"no session is left to resume; {_BEGIN}")
        log = self._find(session)
        if opened and opened != log:
            raise SessionError(
                f"session {log_name(opened)} is open; close it first: verdigris session end"
            )
        return log

    def _metrics(self, head: Head, log: str) -> GitMetrics:
        folder = os.path.dirname(log)
        start, began = head.starting_commit, head.began or 0
        return git_metrics(self._tree, start, began, folder, self._locks_index)

    def _heading(self, title: str, head: Head) -> str:
        return f"### {_clock(head)} - {title} {self._tree.position}".rstrip()

    def _summary_or_name(self, log: str, opened: str | None) -> SessionSummary:
        try:
            return self._summary(log, opened)
        except VerdigrisError:
            return SessionSummary(log_name(log), "", "unreadable", "", log, "", None, None)

    def _summary(self, log: str, opened: str | None) -> SessionSummary:
        text = read_text(log)
        name = log_name(log)
        head = text_of.read_head(text, name)
        is_open = log == opened and head.status != ENDED
        place = path_within(self._tree.root, log) or log
        minutes = text_of.classified_number(text, "Duration")
        commits = text_of.classified_number(text, "Commits")
        if is_open:
            minutes = _minutes(head)
            commits = count_commits(self._tree, head.starting_commit, head.began or 0)
        return SessionSummary(
            name, head.title, head.status, head.branch, place, head.started, minutes, commits
        )


def _minutes(head: Head) -> int | None:
    """Since the session began; None where the head does not tell."""
    return None if head.began is None else max(int(time.time()) - head.began, 0) // 60


def _clock(head: Head) -> str:
    """The time on the wall, for a block of a session."""
    return text_of.clock_text(int(time.time()), head.began)
