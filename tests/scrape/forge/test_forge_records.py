"""Records of forges, in all their shapes, become items and events."""

from __future__ import annotations

import json

import pytest
from tests.forge_program import issue, pull

from verdigris.errors import ForgeError
from verdigris.records import SeenDetails
from verdigris.scrape.forge.events import issue_events
from verdigris.scrape.forge.records import item_of, json_values

SHA = "a" * 40


def test_an_issue_as_graphql_gives_it() -> None:
    comment = {
        "author": {"login": "bob"}, "body": "Same here.\r\nOn Linux.",
        "createdAt": "2026-01-01T10:00:00+02:00",
    }  # fmt: skip
    item = item_of(
        issue(
            12, "Kettle  boils dry", comments={"totalCount": 3, "nodes": [comment]}, state="CLOSED"
        )
    )
    assert (item.document, item.title, item.state) == ("issue:12", "Kettle boils dry", "closed")
    assert (item.author, item.labels, item.unread) == ("ada", ("bug",), 2)
    (remark,) = item.remarks
    assert (remark.author, remark.text) == ("bob", "Same here.\nOn Linux.")
    assert remark.time == "2026-01-01T08:00:00Z"


def test_a_pull_request_as_gh_prints_it() -> None:
    record = {
        "number": 45,
        "title": "Stop boiling",
        "body": "<!-- say why -->\nBoils no more.",
        "url": "https://github.com/ada/kettle/pull/45",
        "state": "MERGED",
        "mergedAt": "2026-01-03T00:00:00Z",
        "createdAt": "2026-01-02T00:00:00Z",
        "updatedAt": "2026-01-03T00:00:00Z",
        "author": {"login": "ada", "is_bot": False},
        "mergeCommit": {"oid": SHA.upper()},
        "commits": [{"oid": "b" * 40}, {"oid": "no hash"}],
        "files": [{"path": "src/kettle.py", "additions": 1}],
        "closingIssuesReferences": [
            {"number": 12, "url": "https://github.com/ada/kettle/issues/12"},
            {"number": 7, "url": "https://github.com/eve/other/issues/7"},
        ],
        "reviews": [
            {"author": {"login": "bob"}, "state": "CHANGES_REQUESTED", "body": "Why not sooner?"},
            {"author": {"login": "bob"}, "state": "APPROVED", "body": ""},
        ],
        "comments": [
            {"author": {"login": "codecov", "is_bot": True}, "body": "98 % covered"},
            {"author": None, "body": "by a deleted account"},
        ],
    }
    item = item_of(record)
    assert (item.document, item.state, item.body) == ("pr:45", "merged", "Boils no more.")
    assert (item.merge_commit, item.commits, item.files) == (SHA, ("b" * 40,), ("src/kettle.py",))
    assert (item.closes, item.bots, item.closed) == (("issue:12",), 1, "2026-01-03T00:00:00Z")
    assert [(one.author, one.verdict) for one in item.remarks] == [
        ("", ""), ("bob", "changes requested"),
    ]  # fmt: skip


def test_githubs_rest_shape() -> None:
    record = {
        "number": 45, "title": "Stop", "body": None, "comments": 3, "state": "closed",
        "html_url": "https://github.com/ada/kettle/pull/45", "user": {"login": "ada"},
        "url": "https://api.github.com/repos/ada/kettle/issues/45",
        "pull_request": {"merged_at": "2026-01-03T00:00:00Z"}, "labels": [{"name": "bug"}],
        "created_at": "2026-01-02T00:00:00Z", "updated_at": "2026-01-03T00:00:00Z",
    }  # fmt: skip
    item = item_of(record)
    assert (item.document, item.state, item.author) == ("pr:45", "merged", "ada")
    assert item.url == "https://github.com/ada/kettle/pull/45"


def test_gitlabs_merge_request_with_threads() -> None:
    record = {
        "iid": 45, "title": "Stop", "description": "Body", "state": "merged",
        "web_url": "https://gitlab.com/ada/kettle/-/merge_requests/45",
        "author": {"username": "ada"}, "labels": ["bug"], "merge_commit_sha": SHA,
        "merged_at": "2026-01-03T00:00:00.000Z", "created_at": "2026-01-02T00:00:00.000Z",
        "discussions": [{"notes": [
            {"body": "added 1 commit", "system": True, "author": {"username": "ada"}},
            {"body": "Why here?", "system": False, "author": {"username": "bob"},
             "position": {"new_path": "src/kettle.py", "new_line": 3}},
        ]}],
    }  # fmt: skip
    item = item_of(record)
    assert (item.document, item.state, item.merge_commit) == ("pr:45", "merged", SHA)
    (remark,) = item.remarks
    assert (remark.author, remark.path, remark.line) == ("bob", "src/kettle.py", 3)
    assert issue_events(item).events[-1].heading == "bob on src/kettle.py:3"


def test_a_discussion_with_its_answer() -> None:
    record = issue(
        9, "How?", url="https://github.com/ada/kettle/discussions/9", state=None, closed=True,
        answer={"body": "So.", "author": {"login": "bob"}},
        comments={"nodes": [{"body": "Hm.", "replies": {"nodes": [{"body": "Yes."}]}}]},
    )  # fmt: skip
    item = item_of(record)
    assert (item.document, item.state) == ("discussion:9", "closed")
    assert [one.text for one in item.remarks] == ["So.", "Hm.", "Yes."]


@pytest.mark.parametrize(
    "record", [{}, {"number": 1}, {"title": "x"}, {"number": True, "title": "x"}, {"number": "1"}]
)
def test_a_record_without_number_or_title_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(ForgeError, match=r"without number and title.*docs/forge\.md"):
        item_of(record)


def test_odd_values_are_left_out() -> None:
    item = item_of(
        {"number": 1, "title": "x\ud800", "labels": 7, "comments": "no", "createdAt": "yesterday",
         "url": "javascript:alert(1)", "author": "ada", "files": [1, {"path": None}]}
    )  # fmt: skip
    assert (item.title, item.url, item.created, item.remarks) == ("x?", "", "", ())


@pytest.mark.parametrize(
    "text",
    [
        '[{"number": 1}, {"number": 2}]',
        '{"number": 1}\n{"number": 2}\n',
        '[{"number": 1}][{"number": 2}]',
    ],
)
def test_lists_and_lines_of_json(text: str) -> None:
    assert [one["number"] for one in json_values(text, "x")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"number": 1}, {"num', "x, line 1: no valid JSON"),
        ('{"number": 1}\n{"number"', "x, line 2: no valid JSON"),
        ("[1]", "record 1 is no JSON object"),
        ("[" * 100_000, "no valid JSON"),
        ("<html>", "no valid JSON"),
    ],
)
def test_what_is_no_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(ForgeError, match=message):
        list(json_values(text, "x"))


def test_events_cover_title_body_and_remarks_without_secrets() -> None:
    token = "ghp_" + "Zx9Q" * 9
    review = {"state": "APPROVED", "body": f"token = {token}", "author": {"login": "bob"}}
    told = issue_events(item_of(pull(45, "Stop boiling", reviews={"nodes": [review]})))
    seen, body, remark = told.events
    assert isinstance(seen.details, SeenDetails)
    assert (seen.details.kind, seen.details.title, seen.document) == (
        "issue",
        "Stop boiling",
        "pr:45",
    )
    assert (body.kind, body.text, body.time) == (
        "issue.body",
        "Body of 45.",
        "2026-01-01T00:00:00Z",
    )
    assert (remark.kind, remark.heading) == ("issue.review", "bob, approved")
    assert token not in json.dumps([event.text for event in told.events])
    assert told.secrets == 1


def test_an_issue_without_body_is_its_title() -> None:
    told = issue_events(item_of(issue(1, "Only a title", body="")))
    assert told.events[1].text == "Only a title"


def test_the_version_follows_the_content() -> None:
    versions = {
        issue_events(item_of(record)).events[0].version
        for record in (issue(1, "A"), issue(1, "A"), issue(1, "B"), issue(1, "A", state="CLOSED"))
    }
    assert len(versions) == 3
