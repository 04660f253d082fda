"""Every error that verdigris raises on purpose, in one tree.

    VerdigrisError
    ├── RepositoryError        not a git repository, bare, unreadable
    ├── SettingsError          a configuration value that cannot be used
    ├── StorageError           the log, the index or a cache cannot be read or written
    │   ├── NewerDatabase      written by a newer verdigris
    │   ├── CorruptDatabase    SQLite says the file is damaged
    │   └── Busy               another process holds the lock
    ├── EngineError            the embedding engine
    │   ├── ModelNotFound      no such model on this machine
    │   ├── CorruptModel       a model file whose hash does not match
    │   ├── InvalidInput       not a text (None, bytes, a number …)
    │   │   └── EmptyInput     a row without a single real token
    │   └── FingerprintMismatch  vectors made by another model
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


class InvalidInput(EngineError):
    """An input that is not a text."""


class EmptyInput(InvalidInput):
    """A row without a single real token."""


class FingerprintMismatch(EngineError):
    """Vectors made by another model, precision or limit than the one in use."""


class QueryError(VerdigrisError):
    """A question or a filter that cannot be answered as asked."""


class EvaluationError(VerdigrisError):
    """A query file that cannot be read; the message names the line."""
