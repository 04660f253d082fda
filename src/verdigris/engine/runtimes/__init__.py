"""What runs a model: one small protocol, one module for each library that fulfils it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from verdigris.engine.pooling import Array
    from verdigris.engine.tokenizing import Encoding


class Runtime(Protocol):
    """A loaded model that may be called from many threads at once."""

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""
