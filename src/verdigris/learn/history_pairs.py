"""Pairs from history: what was said of a change → the files that it changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.learn.examples import LEAST_WORDS
from verdigris.learn.material import Material
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.views.issues import SURE
from verdigris.views.subjects import without_references
from verdigris.views.used_results import used_results

MOST_CO_CHANGED = 10
"""A commit of more files says little about any two of them."""
_LEAST_BODY_WORDS = 5
_LONGEST_BODY = 300
"""Characters of a message's body that ask."""
_NO_PROSE = re.compile(r"[A-Za-z][\w-]{0,60}: \S|\(cherry picked from |[*-] |(?:Fixe|Close)[sd] #")
"""How trailers and lists begin."""
_BLANK = re.compile(r"\n[ \t]*\n")


def commit_files(material: Material) -> PairSet:
    """Commit subject → the files that the commit changed; each commit counts as one example."""
    return make_pairs(
        material.commit_vectors,
        material.files.vectors,
        [commit.files for commit in material.commits],
        [commit.weight**2 for commit in material.commits],
        [commit.time for commit in material.commits],
    )


def commit_messages(material: Material) -> PairSet:
    """First paragraph below a commit's subject → the files that the commit changed."""
    commits = {f"commit:{commit.sha}": commit for commit in material.commits}
    texts = {
        name: text
        for name, content in material.content("commit")
        if name in commits and (text := _body(content[0].text if content else ""))
    }
    told = [commits[name] for name in texts]
    return make_pairs(
        material.embed(list(texts.values())),
        material.files.vectors,
        [commit.files for commit in told],
        [commit.weight**2 for commit in told],
        [commit.time for commit in told],
    )


def _body(message: str) -> str:
    """The first paragraph of prose below the subject, on one line; '' where there is none."""
    for paragraph in _BLANK.split(message.strip())[1:]:
        text = without_references(paragraph)
        if not _NO_PROSE.match(paragraph) and len(text.split()) >= _LEAST_BODY_WORDS:
            return text[:_LONGEST_BODY]
    return ""


def co_changes(material: Material) -> PairSet:
    """File → the other files of a commit that changed it, once for each commit."""
    queries: list[int] = []
    answers: list[list[int]] = []
    weights: list[float] = []
    times: list[str] = []
    for commit in material.commits:
        if 2 <= len(commit.files) <= MOST_CO_CHANGED:
            for file in commit.files:
                queries.append(file)
                answers.append([other for other in commit.files if other != file])
                weights.append(commit.weight**2)
                times.append(commit.time)
    vectors = material.files.vectors
    asked = vectors[np.array(queries, np.int64)]
    return make_pairs(asked, vectors, answers, weights, times, queries)


def issue_files(material: Material) -> PairSet:
    """Title of an issue → the files of the commits that surely solve it, when the last one came."""
    titles: list[str] = []
    answers: list[list[int]] = []
    times: list[str] = []
    places = material.places()
    for document in material.facts.issues():
        issue = material.facts.issue_facts(document)
        title = without_references(issue.title) if issue and document.startswith("issue:") else ""
        if issue and len(title.split()) >= LEAST_WORDS:
            solving = [commit for commit in issue.commits if commit.how in SURE]
            changed = material.facts.files_of_commits(commit.sha for commit in solving)
            titles.append(title)
            answers.append(_rows(places, set().union(*changed.values())))
            times.append(max((commit.time for commit in solving), default=""))
    return _asked_in_words(material, titles, answers, times)


@dataclass(frozen=True, slots=True)
class UsedQuestion:
    """A question, when it was first asked, and the rows of files that answered it, one or more."""

    time: str
    text: str
    files: Sequence[int]


def used_questions(material: Material) -> list[UsedQuestion]:
    """Questions of which somebody said that files were used, oldest first."""
    places, present = material.places(), material.facts.present_names()
    asked: dict[str, str] = {}
    used: dict[str, set[str]] = {}
    for one in used_results(material.log.questions()):
        asked.setdefault(one.text, one.asked)
        used.setdefault(one.text, set()).update((one.document, present(one.document)))
    found = [UsedQuestion(asked[text], text, _rows(places, used[text])) for text in used]
    return sorted((one for one in found if one.files), key=lambda one: (one.time, one.text))


def used_files(material: Material) -> PairSet:
    """Question → the files among the results that were used, as somebody said."""
    used = used_questions(material)
    files, times = [one.files for one in used], [one.time for one in used]
    return _asked_in_words(material, [one.text for one in used], files, times)


def _rows(places: dict[str, int], paths: Iterable[str]) -> list[int]:
    return sorted(places[path] for path in paths if path in places)


def _asked_in_words(
    material: Material,
    texts: Sequence[str],
    answers: Sequence[Sequence[int]],
    times: Sequence[str],
) -> PairSet:
    """Texts → files; each text counts as one example, however many files answer it."""
    weights = [1 / max(len(one), 1) for one in answers]
    return make_pairs(material.embed(texts), material.files.vectors, answers, weights, times)
