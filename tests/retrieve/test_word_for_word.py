"""Who quotes an error message finds what raises it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from verdigris.chunking import chunk_document
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails
from verdigris.retrieve.word_for_word import passages_saying
from verdigris.store.index import Index

TEXTS = {
    "pot.py": 'raise TeaError(f"The pot {name!r} is empty, fill it with fresh water")',
    "kettle.py": "fresh water for the kettle; it is empty, the pot is not",
    "cup.py": 'raise TeaError("Cup broken")  # the_cup_is_broken',
    "tray.py": "broken cups, chipped cups, whole cups",
    "lid.py": 'raise TeaError(f"the lid of {name} is stuck," f" so lift it by hand very " "slow")',
    "spout.py": 'raise TeaError(f"spout {number} dripped on the clean tablecloth")',
    "tests/test_spout.py": 'assert said == "spout 3 dripped on the clean tablecloth"',
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    with opened.transaction():
        for name, text in TEXTS.items():
            seen = Event(DOCUMENT_SEEN, name, "v", details=SeenDetails("code"))
            content = Event("code.text", name, "v", text=text, lines=Lines(1, 1))
            opened.add_document(seen, chunk_document(seen, [content]))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "sayers"),
    [
        ("The pot 'green' is empty, fill it with fresh water", ["pot.py"]),
        ("KettleError: Cup broken", ["cup.py"]),
        ("kettle: cup broken", []),  # two of three words are no row
        ("cup broken", ["cup.py"]),
        ('why do I get "Cup broken"?', ["cup.py"]),
        ("why is it `Cup broken` now?", ["cup.py"]),
        ("what says 'Cup broken'?", ["cup.py"]),
        ("isn't the 'cup' broken, is the kettle's?", []),
        ("kitchen.errors.TeaError: The pot 'green' is empty, fill it with tea", ["pot.py"]),
        ("why do I get TeaError: The pot 'green' is empty, fill it with tea?", ["pot.py"]),
        (
            "Traceback:\n  File 'a.py', line 3\nTeaError: The pot 'red' is empty, fill it",
            ["pot.py"],
        ),
        ("error[E12]: The pot 'green' is empty, fill it with green tea", ["pot.py"]),
        ("kitchen: The pot 'green' is empty, fill it with green tea now", []),
        ("why is the cup broken?", []),
        ("is it fresh water for the kettle?", []),
        ("fill it with fresh water?", ["pot.py"]),  # some messages end so
        ("Could not fill it with fresh water", ["pot.py"]),
        ("empty, fill it with lemonade", ["pot.py"]),  # two telling words, but four in a row
        ("pot is empty, lemonade", []),  # two of three
        ("cupBroken", []),
        ("water that is fresh fill it and the pot with", []),
        ("the lid of the old green pot is stuck, so lift it by hand very slow", ["lid.py"]),
        ("spout 3 dripped on the clean tablecloth", ["tests/test_spout.py", "spout.py"]),
        ("broken", []),
        ("?!", []),
        ("fill it with fresh water " * 9, []),
        ("fresh water " + "with lemon " * 12, []),
    ],
)
def test_a_message_is_found_where_its_words_stand_in_a_row(
    index: Index, question: str, sayers: list[str]
) -> None:
    known = dict(index.connection.execute("SELECT id, name FROM documents").fetchall())
    assert [known[document] for document, _ in passages_saying(index, question)] == sayers


def test_the_longest_row_wins(index: Index) -> None:
    found = passages_saying(index, "fresh water for the kettle is hot")
    assert len(found) == 1
    text = index.connection.execute("SELECT text FROM chunks WHERE id = ?", found[0][1:]).fetchone()
    assert text[0] == TEXTS["kettle.py"]
