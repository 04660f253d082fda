"""What verdigris printed is known again, however it was wrapped, boxed, quoted or coloured."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from verdigris.scrape.transcripts.own_output import is_own_output, without_own_output

KNOWN = (
    "kettles are descaled with vinegar twice a year because lime makes them slow to boil and the "
    "sieve in the spout has to be rinsed afterwards under running water for half a minute"
)


def known(words: Sequence[str]) -> bool:
    return " ".join(words) in KNOWN


def nothing(words: Sequence[str]) -> bool:
    return False


@pytest.mark.parametrize(
    "block",
    [
        f" 1. docs/kettle.md:3-9  Care > Lime  doc · 1d5d73481a · 2025-05-24\n    {KNOWN}",
        "2. commit 1d5d73481a  Descale  Ada · 2025-05-24",
        "also docs/kettle.md:3-9  Care",
        f" 1. issue #12  Kettles are slow  open · ada · 2026-01-02\n    {KNOWN}\n    fixes: commit "
        "5aa76a4450 Descale\n    files: src/kettle.py, src/cup.py",
        f" 1. .verdigris/sessions/20260101-101010.md:3-9  Tea  session · no commit · 2026-01-01\n"
        f"    {KNOWN}\n    drifted: Kettle.boil in src/kettle.py:3-9, +3 -1 lines, its file's 2 "
        "commits since: last 5aa76a4450 Lid\n    fresh: cup.py, Saucer.fill",
        "Named in sessions\n  .verdigris/sessions/20260101-101010.md:12  gone: src/lid.py",
        "score 0.9465 = dense #1 (0.998) · history #3 (0.641)",
        "score 0.7100 = dense #1 (0.998) · × 0.75 as change log\n    placed by path words +0.08",
        "read: 250 sessions\nfiles by parser: tree-sitter (120), plain text (1)\n"
        "skipped files: lock file (2), too large (1)",
        "3 results in 6.82 s\nindex: up to date · 5,189 passages",
        "index: behind by 1 file (verdigris scrape) · 10 passages, 5 % embedded",
        "index: 10 passages, under 1 % embedded; the rest: verdigris scrape",
        '{\n "schema_version": 1,\n "query": "x",\n "results": []}',
        "Called from\n  a.py:1  f → g\n  b/c.py:12  Class.method → g  (50 % sure)",
        "a.py:1   f → g    src/b.py:3\na.py:12  C.m → h  23 definitions  4 % sure\n"
        "… and 25 more: -k 28\nNot defined here: set, iter, next and 8 more",
        "src/tea/oolong.py:6     tea.water  90 % sure\n"
        "src/tea/sencha.py:7     tea.water  90 % sure",
        "a.py:59  base64             not in the repository\n"
        "a.py:60  typing (Any, IO)   not in the repository\n"
        "a.py:61  tea.pot (Kettle, Lid, Spout, boil, pour)   src/pot.py",
        "a.py:48   class     Kettle\na.py:51   method    Kettle.boil\n"
        "a.py:57   method    Kettle.pour",
        "boil\n  src/kettle.py:107   pour\n  src/cup.py:7        Cup.fill\n"
        "  src/lid.py:9        shut",
        "language            files      lines  symbols\npython                109     46,504    "
        "3,484  2,629 method, 635 class\nother text             17        480        0",
        "ok    sqlite: 3.40.1 with FTS5\nok    repository: /home/ada/kettle, main at 1d5d73481a\n"
        "ok    model: all-minilm-l6-v2: files whole; cosine to the original over 50 texts:"
        " mean 0.9963",
        "id               status    branch  minutes  commits  title\n"
        "20260302-101112  ended     main         12        3  Kettles are descaled with vinegar",
        "noted in session 20260302-101112: Tea",
        'used for "why do kettles boil so slowly in the morning, and who descales them?": a/b.md',
        '{"schema_version": 1, "used": [{"text": "why?"}]}',
        KNOWN,
    ],
)
def test_own_output_is_recognised(block: str) -> None:
    assert is_own_output(block, known)


@pytest.mark.parametrize(
    "block",
    [
        "See docs/kettle.md:3-9 and commit 1d5d73481a.",
        "1. Descale the kettle. 2. Rinse the sieve · 2025-05-24",
        "In a.py:59 base64 is imported, and b.py:7 calls it, but nobody needs what comes out of it",
        "It is ok index: we know what the model says of kettles, and 90 % sure is not enough here",
        "The score was 0.9465, which is better than before.",
        "index: we should build one for the recipes, since 5 passages are lost each day of work",
        "Short and new.",
        "fresh: milk, tea, bread, butter and cheese for the guests",
        '{"version": 1, "results": []}',
        "kettles are descaled with vinegar",
        "I disagree with the note on kettles: vinegar eats the seal, so citric acid it is, and the "
        "sieve goes into the dishwasher on Mondays, whatever the manual says about running water",
    ],
)
def test_what_people_and_agents_say_stays(block: str) -> None:
    assert not is_own_output(block, known)
    assert without_own_output(block, known) == block


def test_only_our_paragraphs_go() -> None:
    text = f"Look:\n\n> 1. a.md:1  X  doc · no commit · 2025-05-24\n> {KNOWN}\n\nI think so, too."
    assert without_own_output(text, known) == "Look:\n\nI think so, too."
    assert without_own_output(text, nothing).startswith("Look:\n\n1. a.md:1")


def test_text_without_our_output_keeps_every_character() -> None:
    text = "│ box │\n\n\n> quote  "
    assert without_own_output(text, known) == text


@pytest.mark.parametrize("beside", ["```", "src/kettle.py", "boil, defined in src/kettle.py"])
def test_what_stands_above_our_output_goes_with_it(beside: str) -> None:
    assert without_own_output(f"{beside}\n\n{KNOWN}\n\n```", known) == ""
    assert without_own_output(
        f"{beside}\n\nIt is mine, and it has a dozen words that nobody knows yet.", known
    )


def test_hostile_text_takes_no_time() -> None:
    for text in (
        "1. " * 50_000,
        "a " * 100_000,
        "| " * 100_000,
        "score 0.1234 = " + "x #1 (1." * 9_000,
        "a.py:1 " * 9_000,
        "a.py:1 f " * 9_000 + "→",
        "ok index: " * 9_000,
        "language files lines symbols" + " c 1 1 1" * 9_000 + " c",
        "Not defined here: " + "a, " * 9_000,
    ):
        without_own_output(text, nothing)
