"""Real passages from a folder of markdown files: the same ones for every engine."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK_END = re.compile(r"\n\s*\n")
_NEXT_ITEM = re.compile(r"\n(?=(?:[-*]|\d+\.)\s)")
_BULLET = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
_SHORTEST = 20


def read_passages(folder: Path, count: int) -> list[str]:
    """`count` different passages, evenly spread over the files in their order.

    A passage is a paragraph, a list, or one item of a list with what is nested in it: short
    and long texts as they are mixed in an index.
    """
    found: dict[str, None] = {}
    for path in sorted(folder.rglob("*.md")):
        for block in _BLOCK_END.split(path.read_text(encoding="utf-8", errors="replace")):
            for text in (block, *_NEXT_ITEM.split(block)):
                passage = _BULLET.sub("", text).strip()
                if len(passage) >= _SHORTEST and not passage.startswith("#"):
                    found[passage] = None
    passages = list(found)
    if len(passages) < count:
        raise SystemExit(f"{folder} has {len(passages)} passages, {count} are needed")
    return [passages[index * len(passages) // count] for index in range(count)]
