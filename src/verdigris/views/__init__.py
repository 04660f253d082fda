"""Facts derived from the log: symbols, calls, imports, and which files change together."""

from verdigris.views.anchors import Drift
from verdigris.views.co_changes import CoChange, Companion, Forgotten
from verdigris.views.code import UNRELATED, Reference, ResolveImport, Symbol, last_name
from verdigris.views.facts import SCHEMA, Facts, Related, RelatedCommit
from verdigris.views.history import DatedMoment, FileHistory

__all__ = [
    "SCHEMA",
    "UNRELATED",
    "CoChange",
    "Companion",
    "DatedMoment",
    "Drift",
    "Facts",
    "FileHistory",
    "Forgotten",
    "Reference",
    "Related",
    "RelatedCommit",
    "ResolveImport",
    "Symbol",
    "last_name",
]
