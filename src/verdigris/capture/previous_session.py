"""What a session should know of the one before it."""

from __future__ import annotations

from verdigris.capture.markdown_lines import heading_level, is_section, unfenced
from verdigris.capture.session_log import read_head

_BULLETS = ("- ", "* ", "+ ")
_OPEN, _BOXES = "[ ] ", ("[ ] ", "[x] ", "[X] ")
_SHOWN_ITEMS = 5
_LONGEST_ITEM = 200


def previous_context(text: str, name: str) -> str:
    """Title, decisions and open goals of the session in `text`.

    name: that of its file, without its ending.
    """
    head = read_head(text, name)
    state = f", {head.status}" if head.status else ""
    rows = [f"Last session: {head.title} ({head.id}{state})"]
    for title, items in (("Key decisions", _decisions(text)), ("Open goals", _open_goals(text))):
        if items:
            rows += ["", f"{title}:", *(f"- {_cropped(item)}" for item in items[-_SHOWN_ITEMS:])]
    return "\n".join(rows)


def _decisions(text: str) -> list[str]:
    found, is_open = [], False
    for line in unfenced(text):
        if label := _label(line):
            is_open = "decision" in label.lower()
        elif is_open and (item := _item_text(line)):
            found.append(item[len(_OPEN) :].lstrip() if item.startswith(_BOXES) else item)
    return found


def _open_goals(text: str) -> list[str]:
    found, is_open = [], False
    for line in unfenced(text):
        if is_section(line):
            is_open = line.lower().startswith("## goals")
        elif is_open and (item := _item_text(line)).startswith(_OPEN):
            found.append(item.removeprefix(_OPEN).lstrip())
    return found


def _label(line: str) -> str:
    """What a heading below the first level, or a line in bold, says; '' of any other line."""
    if line.startswith("##") and heading_level(line):
        return line.lstrip("#")
    text = line.rstrip().removesuffix(":")
    is_bold = text.startswith("**") and text.endswith("**") and "*" not in text[2:-2]
    return text[2:-2] if is_bold else ""


def _item_text(line: str) -> str:
    """What an item of a list says, its box in front; '' of any other line."""
    return line[1:].lstrip(" ") if line.startswith(_BULLETS) else ""


def _cropped(text: str) -> str:
    return text if len(text) <= _LONGEST_ITEM else text[: _LONGEST_ITEM - 1].rstrip() + "…"
