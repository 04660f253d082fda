"""Every error that verdigris raises on purpose, in one tree.

    VerdigrisError
    ├── RepositoryError        not a git repository, bare, unreadable
    ├── SettingsError          a configuration value that cannot be used
    ├── SessionError           no work session is open, or another one still is
    ├── AgentError             a coding agent's file that cannot be edited safely
    ├── HookError              a git hook that cannot be changed
    ├── MissingExtra           a library that an extra brings is not installed
    ├── StorageError           the log, the index or a cache cannot be read or written
    │   ├── NewerDatabase      written by a newer verdigris
    │   ├── CorruptDatabase    SQLite says the file is damaged
    │   └── Busy               another process holds the lock
    ├── EngineError            the embedding engine
    │   ├── ModelNotFound      no such model on this machine
    │   ├── CorruptModel       a model file whose hash does not match
    │   ├── InvalidModel       a model that does not say, or does not give, what is needed
    │   ├── InvalidArchive     an archive of a model that must not be unpacked
    │   ├── PullFailed         a model that cannot be pulled
    │   │   └── Offline        a pull without permission to use the network
    │   ├── RuntimeUnavailable   a runtime or provider that is not installed
    │   ├── RuntimeBroken        a runtime or provider that is listed and does not work
    │   ├── UnsupportedGraph     a model graph that the runtime cannot run
    │   ├── MemoryExceeded       a model or a text that the memory bound has no room for
    │   ├── SelfCheckFailed      vectors on this machine are not those of the original model
    │   ├── InvalidInput       not a text (None, bytes, a number …)
    │   │   ├── EmptyInput     a row without a single real token
    │   │   └── InputTooLong   more tokens than the model sees, where that is an error
    │   └── FingerprintMismatch  vectors made by another model
    ├── LearningError          training cannot do what was asked
    │   ├── RecipeError        a recipe that cannot be used; the message names the line
    │   ├── NothingToLearn     too few examples in this repository
    │   ├── LockMismatch       recipe, model or data are not those of the lock
    │   └── InvalidProjection  weights that must not be used
    ├── ForgeError             issues that cannot be read from gh, glab or an exported file
    ├── QueryError             a question or filter that cannot be answered as asked
    └── EvaluationError        a query file that cannot be read

A message is one line: what happened, to what, and what to do next.
Only serve/ turns these into exit codes.
"""

from __future__ import annotations


class VerdigrisError(Exception):
    """Base of every error that verdigris raises on purpose."""


class RepositoryError(VerdigrisError):
    """The directory is not a git repository that can be indexed."""


class SettingsError(VerdigrisError):
    """A configuration value cannot be used; the message names file, key and accepted values."""


class SessionError(VerdigrisError):
    """No work session is open, another one still is, or there is none of that id."""


class AgentError(VerdigrisError):
    """A coding agent's file cannot be edited without risk to what stands in it."""


class HookError(VerdigrisError):
    """A git hook that cannot be changed, because it is no shell script or not ours to change."""


class MissingExtra(VerdigrisError):
    """A command needs a library that is not installed; the message names the extra."""


class StorageError(VerdigrisError):
    """The log, the index or a cache cannot be read or written."""


class NewerDatabase(StorageError):
    """The database was written by a newer verdigris."""


class CorruptDatabase(StorageError):
    """SQLite reports that the database file is damaged."""


class Busy(StorageError):
    """Another process is refreshing this repository."""


class EngineError(VerdigrisError):
    """The embedding engine cannot do what was asked."""


class ModelNotFound(EngineError):
    """No model of that name on this machine."""


class CorruptModel(EngineError):
    """A model file is missing, truncated or its SHA-256 does not match."""


class InvalidModel(EngineError):
    """A model does not say what is needed to use it, or its graph is not what it says."""


class InvalidArchive(EngineError):
    """An archive of a model that must not be unpacked; nothing of it was written."""


class PullFailed(EngineError):
    """A model cannot be pulled; what has arrived is kept for the next try."""


class Offline(PullFailed):
    """A pull would need the network, which the user has forbidden."""


class RuntimeUnavailable(EngineError):
    """A runtime or provider that is not installed or not known; the message names the extra."""


class RuntimeBroken(EngineError):
    """A runtime or provider that is listed, but does not start or cannot run the model."""


class UnsupportedGraph(EngineError):
    """A model graph that the runtime cannot run."""


class MemoryExceeded(EngineError):
    """A model, or a run over a long text, needs more memory than the bound allows."""


class SelfCheckFailed(EngineError):
    """Vectors as computed on this machine are not those of the original model."""


class InvalidInput(EngineError):
    """An input that is not a text."""


class EmptyInput(InvalidInput):
    """A row without a single real token."""


class InputTooLong(InvalidInput):
    """A text has more tokens than the model sees, and the policy is `error`."""


class FingerprintMismatch(EngineError):
    """Vectors made by another model, precision or limit than the one in use."""


class LearningError(VerdigrisError):
    """Training cannot do what was asked."""


class RecipeError(LearningError):
    """A recipe cannot be used; the message names file, line and accepted values."""


class NothingToLearn(LearningError):
    """Too few examples of a kind; the message says what is missing."""


class LockMismatch(LearningError):
    """Recipe, model, data or result are not those that the lock names."""


class InvalidProjection(LearningError):
    """Weights that are damaged, not finite, or made for another model."""


class ForgeError(VerdigrisError):
    """Issues cannot be read; the message names the program or file, and what mends it."""


class QueryError(VerdigrisError):
    """A question or a filter that cannot be answered as asked."""


class EvaluationError(VerdigrisError):
    """A query file that cannot be read; the message names the line."""


class RuntimeFallbackWarning(UserWarning):
    """Another runtime than the one that was asked for is in use; the message says why."""


class LongInputWarning(UserWarning):
    """The end of a text was not seen by the model, and the policy is `warn`."""
