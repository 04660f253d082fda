"""Our part of an instruction file comes and goes; the rest stays byte for byte."""

from __future__ import annotations

import pytest

from verdigris.capture.agents.instruction_block import with_block, without_block

TEXTS = ("", "# Ours\n", "# Ours\n\nText.\n\n\n", "a\r\nb\r\n", "\n")


@pytest.mark.parametrize("text", TEXTS)
def test_a_block_comes_and_goes(text: str) -> None:
    added = with_block(text, "## Memory\nAsk.")
    assert "## Memory" in added
    assert added.startswith(text)
    assert with_block(added, "## Memory\nAsk.") == added
    assert ("\r\n" in added) == ("\r\n" in text)
    assert without_block(added).strip() == text.strip()


def test_a_newer_block_replaces_the_old_one_in_its_place() -> None:
    text = with_block("# Top\n", "old") + "\n## Theirs\n"
    newer = with_block(text, "new")
    assert "old" not in newer
    assert newer.index("new") < newer.index("## Theirs")
    assert without_block(newer) == "# Top\n\n\n## Theirs\n"


@pytest.mark.parametrize(
    "text",
    [
        "<!-- verdigris:begin -->\nno end\n",
        "<!-- verdigris:end -->\n",
        "<!-- verdigris:end -->\n<!-- verdigris:begin -->\n",
        "<!-- verdigris:begin -->\n<!-- verdigris:begin -->\n<!-- verdigris:end -->\n",
    ],
)
def test_broken_marks_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="verdigris:"):
        with_block(text, "x")
    with pytest.raises(ValueError, match="verdigris:"):
        without_block(text)
