"""Facts derived from the log: symbols, calls, imports, and which files change together."""

from verdigris.views.code import UNRELATED, Reference, ResolveImport, Symbol, last_name
from verdigris.views.facts import SCHEMA, Facts, Related
from verdigris.views.history import CoChange, FileHistory

__all__ = [
    "SCHEMA",
    "UNRELATED",
    "CoChange",
    "Facts",
    "FileHistory",
    "Reference",
    "Related",
    "ResolveImport",
    "Symbol",
    "last_name",
]
