"""verdigris: a local-first memory for a software project. Public names load on first use."""

from __future__ import annotations

TYPE_CHECKING = False  # as of `typing`, which agents' hooks have no time to import

if TYPE_CHECKING:
    from verdigris.answers import Answer, Hit
    from verdigris.engine import Embedder
    from verdigris.errors import VerdigrisError
    from verdigris.knowledge_base import KnowledgeBase
    from verdigris.records import Event

__version__ = "0.1.0"

_HOMES = {
    "Answer": "verdigris.answers",
    "Embedder": "verdigris.engine",
    "Event": "verdigris.records",
    "Hit": "verdigris.answers",
    "KnowledgeBase": "verdigris.knowledge_base",
    "VerdigrisError": "verdigris.errors",
}

__all__ = ["Answer", "Embedder", "Event", "Hit", "KnowledgeBase", "VerdigrisError"]


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'verdigris' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
