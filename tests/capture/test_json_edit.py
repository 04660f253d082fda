"""JSON edited in place: what was added goes again without a trace, and nothing else moves."""

from __future__ import annotations

import json

import pytest

from verdigris.capture.agents.json_edit import Json, add_item, read, remove_items

OURS: Json = {"hooks": [{"type": "command", "command": "ours"}]}
TEXTS = (
    "{}",
    "{}\n",
    '{\n  "model": "x"\n}\n',
    '{"a":1,"b":[1,2,{"c":null}]}',
    '{\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t{"hooks": []}\n\t\t]\n\t}\n}\n',
    '{\r\n    "hooks": {},\r\n    "z": "{[,]}\\" // no comment"\r\n}\r\n',
    '{\n  // why: "hooks" {\n  "a": [], /* } */\n  "hooks": {"Start": [1]} // end\n}\n',
    '{"hooks": {"Stop": [{"hooks": [{"command": "theirs"}]}]}, "ü": -1.5e3}',
)


def _is_ours(value: Json) -> bool:
    return value == OURS


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_added_goes_without_a_trace(text: str) -> None:
    added = add_item(text, ("hooks", "Stop"), OURS)
    added = add_item(added, ("hooks", "Start"), OURS)
    hooks = read(added).members["hooks"].members
    assert all(OURS in [item.value for item in hooks[name].items] for name in ("Stop", "Start"))
    removed = remove_items(added, ("hooks",), _is_ours)
    # Only an object that was there and empty may have gone.
    assert removed == text or "{}" in text or "[]" in text
    assert remove_items(removed, ("hooks",), _is_ours) == removed


def test_untouched_text_keeps_its_bytes_and_indent() -> None:
    text = '{\n\t"b": 1, // one\n\t"a": [3,   4]\n}\n'
    added = add_item(text, ("hooks", "Stop"), 1)
    assert added == (
        '{\n\t"b": 1, // one\n\t"a": [3,   4],\n'
        '\t"hooks": {\n\t\t"Stop": [\n\t\t\t1\n\t\t]\n\t}\n}\n'
    )


@pytest.mark.parametrize("empty", ["", "\n", "  \n"])
def test_an_empty_file_becomes_an_object(empty: str) -> None:
    assert json.loads(add_item(empty, ("hooks", "Stop"), OURS)) == {"hooks": {"Stop": [OURS]}}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        '"hooks"',
        "{",
        '{"a": 1,}',
        "{} x",
        '{"hooks": []}',
        '{"hooks": {"Stop": {}}}',
        '{"hooks": {"Stop": 1}}',
        '{"hooks": 1, "hooks": {}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        add_item(text, ("hooks", "Stop"), OURS)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"hooks": {"Stop": ["x", 1]}}', '{"hooks": {"Stop": [1]}}'),
        ('{"hooks": {"Stop": [1, "x", 2]}}', '{"hooks": {"Stop": [1, 2]}}'),
        ('{"hooks": {"Stop": ["x"], "Start": [1]}}', '{"hooks": {"Start": [1]}}'),
        ('{"hooks": {"Stop": ["x", "x"]}, "a": 1}', '{"a": 1}'),
        ('{"hooks": {"Stop": ["x"]}}', "{}"),
        ('{"other": ["x"]}', '{"other": ["x"]}'),
    ],
)
def test_only_ours_is_taken_out(text: str, left: str) -> None:
    assert remove_items(text, ("hooks",), lambda value: value == "x") == left
