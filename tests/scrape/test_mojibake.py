"""Mojibake is repaired, and sound text is left alone."""

from __future__ import annotations

import pytest

from verdigris.scrape.mojibake import repair_line


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("- âœ… frogs donâ€™t lie", "- ✅ frogs don’t lie"),
        ("- â\x9c\x85 frogs", "- ✅ frogs"),
        ("- ‚úÖ frogs", "- ✅ frogs"),
        ("- rana ‚Äì frog", "- rana – frog"),
        ("- caf√© closed", "- café closed"),
        ("- ðŸŒŠ rises", "- 🌊 rises"),
        ("- âˆš2 ‚âà 1.4", "- √2 ≈ 1.4"),
    ],
)
def test_mojibake_is_repaired(broken: str, meant: str) -> None:
    assert repair_line(broken) == meant


@pytest.mark.parametrize(
    "line",
    ["✅ “naïve” café — 青蛙 → 🐸 ﬁn", "√2 ≥ 1", "¬±1", "«É» Ätsch", "‚quoted‘", "‚ú", "‡ÄÄ"],
)
def test_sound_text_is_left_as_it_is(line: str) -> None:
    assert repair_line(line) == line
