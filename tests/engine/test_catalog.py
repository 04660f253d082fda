"""Model rows."""

from __future__ import annotations

import pytest

from verdigris.engine.catalog import MODELS, ModelRow, model_row
from verdigris.errors import ModelNotFound


def test_every_row_is_found_by_its_name() -> None:
    for row in MODELS:
        assert model_row(row.name) is row


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelNotFound, match=r"'no-such'.*all-minilm-l6-v2"):
        model_row("no-such")


def test_queries_and_passages_have_their_own_prefix() -> None:
    row = ModelRow("m", 2, 8, "mean", "fp32", query_prefix="query: ", passage_prefix="passage: ")
    assert (row.prefix("query"), row.prefix("passage")) == ("query: ", "passage: ")
