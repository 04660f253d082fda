"""Builds tests/engine/runtimes/models/bert: a tiny BERT export in which every bias has its name.

    python scripts/build_runtime_models.py

The models of build_test_models.py have biases of zeros, which the exporter merges into one; those
of a trained model differ, and runtimes read the encoder's weights by them. Needs what
build_test_models.py needs.
"""

from __future__ import annotations

import build_test_models
import torch
from transformers import BertModel


def main() -> None:
    """Build the one model."""
    torch.manual_seed(21)
    build_test_models.TARGET = build_test_models.TARGET.parents[0] / "runtimes" / "models"
    model = with_biases(build_test_models.bert())
    build_test_models.build(
        build_test_models.TestModel("bert", model, build_test_models.word_pieces(), "mean", 24)
    )


def with_biases(model: BertModel) -> BertModel:
    """The model with random biases and normalisation weights, as training would leave them."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".bias"):
                parameter.normal_(0, 0.2)
            elif name.endswith("LayerNorm.weight"):
                parameter.normal_(1, 0.2)
    return model


if __name__ == "__main__":
    main()
