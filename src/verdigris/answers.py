"""What an answer is made of: hits, their passages and reasons, and the state of the index.

Times and names of documents as in `records`.
"""

from __future__ import annotations

from verdigris.frozen_dataclass import dataclass
from verdigris.records import AgedAnchor, Kind, Lines


@dataclass(frozen=True, slots=True)
class Filters:
    """What an answer may consist of; empty fields do not filter."""

    kinds: tuple[Kind, ...] = ()
    path: str = ""
    """A path prefix (`src/engine`) or a glob (`*.py`, `src/**/test_*.py`)."""
    since: str = ""
    """Documents that changed at or after this time."""
    before: str = ""
    """Documents that existed before this time."""
    before_session: str = ""
    """Sessions with a smaller id; set beside `before` where that named a session."""
    documents: frozenset[str] | None = None
    """Only these documents (a branch's), None = all."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as shown in an answer."""

    lines: Lines | None
    symbol: str
    heading: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class LaneRank:
    """A document's place in one lane, among documents of its kind; score in the lane's own unit."""

    lane: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class LinkedCommit:
    """A commit that belongs to an issue or pull request.

    how: 'fixes', 'merge', 'squash', 'part' (of the pull request), 'mention', or 'text' where only
    the words are alike.
    """

    sha: str
    subject: str
    time: str
    how: str


@dataclass(frozen=True, slots=True)
class LinkedIssue:
    """An issue or pull request that stands behind a commit of a file."""

    document: str
    title: str
    state: str
    url: str
    how: str
    commit: str
    """The newest commit that leads from the file to it."""


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What is known of an issue besides its text, for those who show it."""

    document: str
    title: str
    state: str
    author: str
    url: str
    created: str
    commits: tuple[LinkedCommit, ...] = ()
    """Surest link first."""
    files: tuple[str, ...] = ()
    """Present paths of the files that these commits, or the pull request, changed."""

    @property
    def has_own_commits(self) -> bool:
        """Whether some commit belongs to it, and does not just mention it."""
        return any(commit.how not in ("mention", "text") for commit in self.commits)


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved a document in the learned fusion: a feature's name, and how much it weighed."""

    feature: str
    weight: float


@dataclass(frozen=True, slots=True)
class Demoted:
    """What a document is that a question hardly means, and what its score was multiplied with."""

    what: str
    """'test', 'declaration', 'no test', 'change log', 'prose', 'commit', 'code'; for why-questions
    'test and code'."""
    factor: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One document of an answer with its best passages; `lines` and `symbol` are the best one's."""

    document: str
    kind: Kind
    title: str
    path: str
    lines: Lines | None
    symbol: str
    commit: str
    session: str
    time: str
    score: float
    passages: tuple[Passage, ...]
    lanes: tuple[LaneRank, ...]
    author: str = ""
    """Who wrote a commit; '' for everything else."""
    issue: IssueFacts | None = None
    """For hits of that kind."""
    moments: tuple[str, ...] = ()
    """What makes a commit memorable: 'release 4.0.0', 'first commit'."""
    files: tuple[str, ...] = ()
    """What a commit changed, under the names of then."""
    anchors: tuple[AgedAnchor, ...] = ()
    """What the shown passages of a session name, and what became of it."""
    reasons: tuple[Reason, ...] = ()
    """What the learned fusion found to matter most, for a file."""
    demoted: Demoted | None = None
    """Where the question hardly means such a document."""


@dataclass(frozen=True, slots=True)
class ModelSwap:
    """A newly chosen model, whose vectors are still being made while the earlier ones answer."""

    serving: str
    """The model whose vectors answer."""
    wanted: str
    """The model that was chosen."""
    vectors: int
    """Chunks that have a vector of the chosen model."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What the index holds, and how far it is behind the work tree."""

    documents: int
    chunks: int
    vectors: int
    """Those that answer."""
    commits_behind: int = 0
    files_behind: int = 0
    swap: ModelSwap | None = None

    @property
    def chunks_without_vectors(self) -> int:
        """Chunks that only the lexical lanes can find."""
        return self.chunks - self.vectors

    @property
    def chunks_to_embed(self) -> int:
        """Chunks that lack a vector of the model that is wanted."""
        return self.chunks - (self.swap.vectors if self.swap else self.vectors)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question."""

    query: str
    hits: tuple[Hit, ...]
    state: IndexState
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
