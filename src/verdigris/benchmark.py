"""Benchmarks of a repository: its own past asks (suites), or a file of questions.

A suite's knowledge base is made from a real repository in a temporary folder, by the code that
every user runs, so that nothing that asks can be found in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from verdigris.errors import EvaluationError
from verdigris.evaluate.cochange_queries import cochange_queries, most_changed
from verdigris.evaluate.commit_queries import FILE_KINDS, commit_queries
from verdigris.evaluate.cut_repository import commit_time, repository_at
from verdigris.evaluate.docstring_queries import hide_docstrings
from verdigris.evaluate.history import Cut, choose_cut, is_work, read_history
from verdigris.evaluate.issue_queries import (
    SolvedIssue,
    copy_issues,
    issue_queries,
    newest_issues,
    solved_issue,
)
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.evaluate.report import BenchmarkReport, EvaluationReport, NotMade, Source
from verdigris.evaluate.run import LaneList, Suite, System, Trial, evaluate, evaluate_file
from verdigris.evaluate.session_queries import hide_summaries
from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.path_kinds import is_test
from verdigris.scrape.repository import Repository, open_repository
from verdigris.views.issues import SURE

__all__ = [
    "FILE_KINDS",
    "SUITES",
    "CommitBenchmark",
    "commit_benchmark",
    "evaluate_queries",
    "knowledge_base_at",
    "run_benchmark",
]

AT_CUT = {
    "commits": "the subject of a later commit asks for the files that it changed",
    "issues": "an issue asks for the files that later commits changed to solve it",
    "cochanges": "a file of a later commit asks for the others that changed with it",
}
"""Suites whose index ends at the cut, and what asks for what in them."""
EDITED = {
    "docstrings": "a function's documentation asks for the file that has its body",
    "sessions": "what a session log says of the session before it asks for that one",
}
"""Suites whose index is that of HEAD, with what asks taken out of the files."""
SUITES = (*AT_CUT, *EDITED)
MOST_CHANGED = "most-changed"
"""A lane that no question moves: a suite that it does well in needs no search."""
RELATED = "related"
_NOTHING_AFTER = {
    "commits": "no commit after the cut changed files that were there before",
    "issues": "no issue is known that a later commit solves; read them: verdigris scrape forge",
    "cochanges": "no commit after the cut changed two files that were there before",
}

Ask = Callable[[EvaluationQuery], Trial]


@dataclass(frozen=True, slots=True)
class CommitBenchmark:
    """Subjects of later commits, and the knowledge base as it was before the first of them."""

    knowledge_base: KnowledgeBase
    """At the cut, indexed and embedded; it goes with the benchmark."""
    cut: Cut
    queries: tuple[EvaluationQuery, ...]
    """`relevant`: the files that the commit changed, by their names at the cut."""


@contextmanager
def commit_benchmark(source: KnowledgeBase, seed: int = 0) -> Iterator[CommitBenchmark]:
    """Commit subject → files, from the repository of `source`.

    Raises EvaluationError where the history is too short.
    """
    cut = _cut(source)
    with knowledge_base_at(source, cut.sha) as knowledge_base:
        queries = commit_queries(cut, knowledge_base.facts.paths(), seed)
        yield CommitBenchmark(knowledge_base, cut, tuple(queries))


def _cut(source: KnowledgeBase) -> Cut:
    source.refresh(("git",))
    return choose_cut(read_history(source.repository, source.log))


@contextmanager
def knowledge_base_at(
    source: KnowledgeBase, commit: str, edit: Callable[[Path], None] = lambda _: None
) -> Iterator[KnowledgeBase]:
    """The knowledge base as it was at a commit of `source`: indexed and embedded, later removed.

    edit: changes files in the temporary folder before they are read. Of issues it has the newest
    version that was known at the time. Only the user's cache of vectors is shared, which is asked
    by hash of a text.
    """
    with repository_at(source.repository, commit) as root:
        edit(root)
        settings = source.settings._replace(local_dir="")
        with KnowledgeBase(root, settings, source.progress) as knowledge_base:
            until = "" if commit == source.repository.head else commit_time(root)
            copy_issues(source.log, knowledge_base.log, until)
            knowledge_base.refresh()
            knowledge_base.embed()
            yield knowledge_base


def evaluate_queries(
    knowledge_base: KnowledgeBase, queries: Path, run_file: Path | None = None, depth: int = 100
) -> BenchmarkReport:
    """Measure each lane and their fusion on a file of queries, after a refresh and `embed`.

    run_file: where the fused rankings go as a TREC run. Raises EvaluationError.
    """

    def prepare(number: int) -> None:
        knowledge_base.refresh()
        knowledge_base.embed()
        knowledge_base.progress.start("asking", number)

    files = (path.resolve() for path in (queries, run_file) if path)
    root = knowledge_base.repository.root
    own = frozenset(p.relative_to(root).as_posix() for p in files if p.is_relative_to(root))
    system = replace(
        _system("", knowledge_base, lambda query: knowledge_base.trial(query, depth + len(own))),
        prepare=prepare,
        not_counted=own,
    )
    report = evaluate_file(queries, run_file, system, depth)
    source = replace(report.source, learned=knowledge_base.has_learned)
    report = replace(report, source=source)
    knowledge_base.progress.finish()
    _warn_of_known(knowledge_base, report)
    return _report(knowledge_base, [report])


def _warn_of_known(knowledge_base: KnowledgeBase, report: EvaluationReport) -> None:
    """Say of which questions the answers may have been learned by heart."""
    taught = {one.text for one in knowledge_base.feedback.used()}
    known = sum(" ".join(query.text.split()) in taught for query in report.per_query)
    if known:
        knowledge_base.warnings.append(
            f"{known} of the questions are among those whose used results `oxidize` learns from: "
            "what it found there flatters the figures"
        )


def run_benchmark(
    source: KnowledgeBase, names: Sequence[str] = SUITES, depth: int = 100, seed: int = 0
) -> BenchmarkReport:
    """Make and run the suites of these names; what cannot be made is told with the reason."""
    reports: list[EvaluationReport] = []
    not_made: list[NotMade] = []
    with closing(_suites(source, names, depth, seed)) as suites:
        for suite in suites:
            if isinstance(suite, NotMade):
                not_made.append(suite)
            else:
                reports.append(evaluate(suite, depth))
                source.progress.finish()
    return _report(source, reports, not_made, seed)


def _report(
    source: KnowledgeBase,
    suites: Sequence[EvaluationReport],
    not_made: Sequence[NotMade] = (),
    seed: int = 0,
) -> BenchmarkReport:
    return BenchmarkReport(
        repository=source.repository.root_commit,
        head=source.repository.head,
        model=source.settings.model,
        seed=seed,
        suites=tuple(suites),
        not_made=tuple(not_made),
    )


def _suites(
    source: KnowledgeBase, names: Sequence[str], depth: int, seed: int
) -> Generator[Suite | NotMade, None, None]:
    """Each suite is to be run before the next is asked for: its knowledge base goes then."""
    if not source.repository.head:
        yield from (NotMade(name, "this repository has no commit") for name in names)
        return
    if at_cut := [name for name in AT_CUT if name in names]:
        yield from _suites_at_cut(source, at_cut, depth, seed)
    if edited := [name for name in EDITED if name in names]:
        yield from _edited_suites(source, edited, depth, seed)


def _suites_at_cut(
    source: KnowledgeBase, names: Sequence[str], depth: int, seed: int
) -> Iterator[Suite | NotMade]:
    try:
        cut = _cut(source)
    except EvaluationError as error:
        yield from (NotMade(name, str(error)) for name in names)
        return
    with knowledge_base_at(source, cut.sha) as at_cut:
        paths = at_cut.facts.paths()
        worked = [commit.details.sha for commit in cut.before if is_work(commit)]
        changes = at_cut.facts.files_of_commits(worked).values()
        popular = LaneList(MOST_CHANGED, most_changed(changes)[: depth + 1])
        learned = None
        if {"commits", "issues"} & set(names):
            learned = at_cut.learning.trial(source.learning.recipe(), depth)

        def ask_for_files(query: EvaluationQuery) -> Trial:
            trial = at_cut.trial(query, depth)
            more = learned(query.text) if learned else []
            return replace(trial, lists=(*trial.lists, *more, popular))

        made: dict[str, tuple[Sequence[EvaluationQuery], Ask]] = {
            "commits": (commit_queries(cut, paths, seed), ask_for_files),
            "issues": (
                issue_queries(cut, paths, _solved_issues(source, at_cut), seed),
                ask_for_files,
            ),
            "cochanges": (
                cochange_queries(cut, paths, seed),
                lambda query: _related_trial(at_cut, query, popular, depth),
            ),
        }
        for name in names:
            queries, ask = made[name]
            if queries:
                about = Source(AT_CUT[name], cut.sha, cut.time)
                yield Suite(name, about, queries, _system(name, at_cut, ask))
            else:
                yield NotMade(name, _NOTHING_AFTER[name])


def _solved_issues(source: KnowledgeBase, at_cut: KnowledgeBase) -> Iterator[SolvedIssue]:
    """Issues with the commits that surely solve them, but for those that the cut knows."""
    for seen in newest_issues(source.log):
        commits = [one.sha for one in source.facts.issue_commits(seen.document) if one.how in SURE]
        if seen.document.startswith("issue:") and not at_cut.documents_named(seen.document):
            yield solved_issue(source.log, seen, commits)


def _related_trial(
    at_cut: KnowledgeBase, query: EvaluationQuery, popular: LaneList, depth: int
) -> Trial:
    """What `related` says of a path, what a question for its name finds, what always changes."""
    started = time.perf_counter()
    found = at_cut.facts.co_changes(query.text, depth)
    seconds = time.perf_counter() - started
    search, question = at_cut.questions.search, at_cut.questions.of(query.text)
    rankings = search.rankings(question, at_cut.filters(FILE_KINDS))
    scry = search.ranked(question, rankings, depth + 1)
    lists = [LaneList(RELATED, [(one.path, one.weight) for one in found])]
    for lane, documents in (("scry PATH", scry), (MOST_CHANGED, popular.documents)):
        lists.append(LaneList(lane, [d for d in documents if d[0] != query.text]))
    return Trial(seconds, lists)


def _edited_suites(
    source: KnowledgeBase, names: Sequence[str], depth: int, seed: int
) -> Iterator[Suite | NotMade]:
    """Suites whose queries are made by taking them out of the files of HEAD."""
    hide: dict[str, Callable[[Repository, int], list[EvaluationQuery]]] = {
        "docstrings": partial(hide_docstrings, is_test=is_test),
        "sessions": hide_summaries,
    }
    made: dict[str, list[EvaluationQuery] | EvaluationError] = {}

    def edit(root: Path) -> None:
        for name in names:
            try:
                made[name] = hide[name](open_repository(root), seed)
            except EvaluationError as error:
                made[name] = error

    with knowledge_base_at(source, source.repository.head, edit) as edited:
        for name in names:
            queries = made[name]
            if isinstance(queries, EvaluationError):
                yield NotMade(name, str(queries))
            else:
                about = Source(EDITED[name], source.repository.head)
                system = _system(name, edited, lambda query: edited.trial(query, depth))
                yield Suite(name, about, queries, system)


def _system(name: str, knowledge_base: KnowledgeBase, ask: Ask) -> System:
    progress = knowledge_base.progress
    return System(
        prepare=lambda number: progress.start(f"asking {name}", number),
        ask=ask,
        documents_named=knowledge_base.documents_named,
        answered=progress.advance,
    )
