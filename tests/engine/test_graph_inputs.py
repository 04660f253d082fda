"""What graphs are fed."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.engine.graph_inputs import Feeder, GraphInput
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import InvalidModel

ENCODING = Encoding([5, 6, 7], truncated=False)
TOKENS = (1, "tokens")


def test_inputs_are_fed_by_name_and_in_the_type_that_the_graph_wants() -> None:
    feed = Feeder(
        [
            GraphInput("input_ids", "tensor(int64)", TOKENS),
            GraphInput("attention_mask", "tensor(int64)", TOKENS),
            GraphInput("position_ids", "tensor(int32)", TOKENS),
        ]
    ).feed(ENCODING)
    assert list(feed) == ["input_ids", "attention_mask", "position_ids"]
    assert feed["attention_mask"].tolist() == [[1, 1, 1]]
    assert feed["input_ids"].tolist() == [[5, 6, 7]]
    assert feed["position_ids"].dtype == np.int32
    assert feed["position_ids"].tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("kind", "dtype"), [("tensor(float)", np.float32), ("tensor(float16)", np.float16)]
)
def test_a_decoder_gets_an_empty_cache(kind: str, dtype: type) -> None:
    past = GraphInput("past_key_values.0.key", kind, ("batch", 8, "past", 128))
    feed = Feeder([past]).feed(ENCODING)
    assert feed["past_key_values.0.key"].shape == (1, 8, 0, 128)
    assert feed["past_key_values.0.key"].dtype == dtype


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (GraphInput("pixel_values", "tensor(float)", (1, 3)), "known inputs: input_ids"),
        (GraphInput("input_ids", "tensor(string)", TOKENS), r"is a tensor\(string\)"),
        (GraphInput("past_key_values.0.key", "tensor(float)", (1, "h", 2, 3)), "unknown shape"),
        (GraphInput("past_key_values.0.key", "tensor(float)", (1, 2)), "unknown shape"),
        (GraphInput("past_key_values.0.key", "tensor(int8)", (1, 2, 0, 4)), "is a tensor"),
    ],
)
def test_what_nobody_can_feed_is_refused(wanted: GraphInput, says: str) -> None:
    with pytest.raises(InvalidModel, match=says):
        Feeder([wanted])
