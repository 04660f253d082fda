"""What a commit message says in a fixed form."""

from __future__ import annotations

import pytest

from verdigris.records import Trailer
from verdigris.scrape.git.commit_message import read_message


@pytest.mark.parametrize(
    ("subject", "parts"),
    [
        ("feat: add a lid", ("feat", "", False)),
        ("Fix(kettle): do not boil dry", ("fix", "kettle", False)),
        ("refactor(api)!: drop pour()", ("refactor", "api", True)),
        ("deps: qs@6.1", ("deps", "", False)),
        ("kettle: boil faster", ("", "", False)),
        ("fix typo", ("", "", False)),
        ("docs:no space", ("", "", False)),
        ("Merge branch 'fix: x'", ("", "", False)),
    ],
)
def test_conventional_subjects(subject: str, parts: tuple[str, str, bool]) -> None:
    found = read_message(subject)
    assert (found.type, found.scope, found.breaking) == parts


def test_trailers_are_the_last_paragraph() -> None:
    found = read_message(
        "Boil faster\n\nNote: this is prose.\n\nCo-Authored-By: Eve <e@x.org>\n"
        'Reviewed-by: Bob\n  of the tea room\nFixes: 1a2b3c4 ("lid")\nBREAKING CHANGE: no lid'
    )
    assert found.trailers == (
        Trailer("Co-authored-by", "Eve <e@x.org>"),
        Trailer("Reviewed-by", "Bob of the tea room"),
        Trailer("Fixes", '1a2b3c4 ("lid")'),
        Trailer("Breaking change", "no lid"),
    )
    assert found.breaking


def test_prose_in_the_last_paragraph_needs_a_trailer_of_gits_own() -> None:
    assert read_message("x\n\nSee: here\nand there").trailers == ()
    signed = read_message("x\n\n[eve: a lid]\nSigned-off-by: Eve\nSee: here")
    assert [trailer.key for trailer in signed.trailers] == ["Signed-off-by", "See"]
    assert read_message("Note: a subject is no trailer").trailers == ()


def test_closed_issues_are_found_anywhere() -> None:
    found = read_message("Fix the lid (fixes #12)\n\nAlso resolves tea/pot#7, see #9.")
    assert found.trailers == (Trailer("Closes", "#12"), Trailer("Closes", "tea/pot#7"))


def test_cherry_picks_are_trailers() -> None:
    sha = "1" * 40
    found = read_message(f"x\n\n(cherry picked from commit {sha})")
    assert found.trailers == (Trailer("Cherry picked from commit", sha),)


@pytest.mark.parametrize("text", ["", "\n\n", ":", "a" * 100_000, "x\n\n" + "A: b\n" * 20_000])
def test_any_text_is_read(text: str) -> None:
    assert read_message(text).type == ""
