"""Facts derived from the log: symbols, calls, imports, and which files change together."""

from verdigris.views.anchors import Drift
from verdigris.views.co_changes import CoChange, Companion, Forgotten
from verdigris.views.code import LanguageCount, Symbol, last_name
from verdigris.views.facts import SCHEMA, Facts, Prediction, Related, RelatedCommit
from verdigris.views.history import DatedMoment, FileHistory
from verdigris.views.imports import ImportTarget, Reference
from verdigris.views.references import Callee
from verdigris.views.resolution import LIKELY

__all__ = [
    "LIKELY",
    "SCHEMA",
    "Callee",
    "CoChange",
    "Companion",
    "DatedMoment",
    "Drift",
    "Facts",
    "FileHistory",
    "Forgotten",
    "ImportTarget",
    "LanguageCount",
    "Prediction",
    "Reference",
    "Related",
    "RelatedCommit",
    "Symbol",
    "last_name",
]
