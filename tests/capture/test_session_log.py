"""The text of a log: where blocks go, what is escaped, what is read back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from verdigris.capture.session_log import (
    ACTIVE,
    Head,
    classified_number,
    free_text,
    last_update,
    new_log,
    pattern_files,
    read_head,
    with_block,
    with_status,
)


def test_a_block_goes_before_the_next_section_not_before_one_in_code() -> None:
    log = "## Activity Log\n### 1:00 - Note\n```\n## not a section\n```\n\n## Goals\n- [ ] x\n"
    assert with_block(log, "### 2:00 - Note\nnew") == (
        "## Activity Log\n### 1:00 - Note\n```\n## not a section\n```\n\n"
        "### 2:00 - Note\nnew\n\n## Goals\n- [ ] x\n"
    )


def test_of_two_activity_logs_the_last_takes_the_block() -> None:
    log = "## Activity Log\na\n## Goals\nb\n## activity log\nc\n## Session Classification\nd\n"
    assert "c\n\nNEW\n\n## Session" in with_block(log, "NEW")


def test_a_block_may_follow_a_log_that_ends_without_a_line_end() -> None:
    assert with_block("## Activity Log\na", "b") == "## Activity Log\na\n\nb\n"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("\n\n# Big\n## Less\n##### Small\n#tag\n", "#### Big\n#### Less\n##### Small\n#tag"),
        ("```sh\n# a comment\n```", "```sh\n# a comment\n```"),
        ("~~~\n# open", "~~~\n# open\n~~~"),
        ("````\n```\n# still code\n````\n# Out", "````\n```\n# still code\n````\n#### Out"),
        ("    indented\r\nnext", "    indented\nnext"),
    ],
)
def test_free_text_cannot_end_the_block_it_stands_in(given: str, written: str) -> None:
    assert free_text(given) == written


def test_only_the_status_of_the_head_is_changed() -> None:
    log = "---\r\ntype: session\r\nstatus: active\r\n---\r\nstatus: active\r\n"
    changed = "---\r\ntype: session\r\nstatus: ended\r\n---\r\nstatus: active\r\n"
    assert with_status(log, "ended") == changed
    assert with_status("# Session: old\n", "ended") == "# Session: old\n"


@pytest.mark.parametrize(
    "log",
    [
        "---\nid: 1\ntitle: \"A: 'b'\"\ncreated: 2025-01-02T03:04:05Z\ngit:\n  branch: work\n---\n",
        "---\nid: '1'\ntitle: A: 'b'\ncreated: 2025-01-02 04:04:05+01:00\nbranch: work\n---\n",
        "# Session: A: 'b'\n**ID**: 1\n**Started:** 2025-01-02T03:04:05\n**Git Branch**: work\n",
        "\ufeff# Session: A: 'b'\r\nID: 1\r\nStarted: 2025-01-02T03:04:05Z\r\nGit Branch: work\r\n",
    ],
    ids=["new", "by hand", "legacy", "legacy from Windows"],
)
def test_heads_of_every_form_are_read(log: str) -> None:
    head = read_head(log, "20250102-030405")
    assert (head.id, head.title, head.branch) == ("1", "A: 'b'", "work")
    assert head.began == int(datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())


def test_an_older_log_has_ended_when_it_is_classified() -> None:
    assert read_head("# Session: a\n## Goals\n", "1").status == ""
    assert read_head("# Session: a\n## Session Classification\n", "1").status == "ended"
    log = "---\nstatus: archived\n---\n## Session Classification\n"
    assert read_head(log, "1").status == "archived"


@pytest.mark.parametrize("log", ["", "---\n", '---\ntitle: "a\ncreated: soon\n', "no head\n" * 9])
def test_a_broken_head_is_no_error(log: str) -> None:
    head = read_head(log, "20250102-030405")
    assert (head.id, head.began) == ("20250102-030405", None)


def test_the_last_update_is_not_one_that_was_quoted() -> None:
    log = "### 09:00 - Session Start\n```\n### 10:00 - Update (covering since 09:00)\n```\n"
    assert last_update(log) == "09:00"
    assert last_update("nothing timed") == ""


def test_figures_come_from_the_closing_section_alone() -> None:
    log = "- Commits: 9\n## Session Classification\n- Work Type: x\n- Commits:        4\n"
    assert classified_number(log, "Commits") == 4
    assert classified_number(log, "Duration") is None
    assert classified_number("- Commits: 9\n", "Commits") is None


def test_pattern_files_are_named_so_or_lie_below_a_folder_named_so() -> None:
    files = ["docs/decisions.md", "docs/adr/0001-x.md", "Patterns/a/b.py", "src/pattern_match.py"]
    assert pattern_files(files) == 3


def test_a_note_cannot_make_the_log_binary() -> None:
    assert free_text("one\0 two") == "one two"


@pytest.mark.parametrize(
    "title", ['Say "tea" twice', r"C:\new \"day\"", "It's", "a: b # c", "ü \\"]
)
def test_a_title_comes_back_as_it_was_also_to_a_reader_of_yaml(title: str) -> None:
    text = new_log(Head("20260302-091000", title, ACTIVE), [title], "", "09:10")
    assert read_head(text, "x").title == title
    assert yaml.safe_load(text.split("---")[1])["title"] == title
