"""How far the change to another model is: shown by status, doctor and answers alike."""

from __future__ import annotations

from verdigris.answers import ModelSwap
from verdigris.store.index import Index
from verdigris.store.vector_sets import VectorSets, VectorSpace

FINISH_SWAP = "verdigris embeddings generate"


def swap_state(index: Index, wanted: VectorSpace) -> ModelSwap | None:
    """Which model is to take whose place, and how far that is; None where the right one serves."""
    sets = VectorSets(index)
    serving, building = sets.serving, sets.building
    if serving is None or serving.fingerprint == wanted.fingerprint or not index.count("vectors"):
        return None
    begun = building is not None and building.fingerprint == wanted.fingerprint
    return ModelSwap(
        serving=serving.model,
        wanted=wanted.model,
        vectors=index.count("next_vectors") if begun else 0,
    )


def swap_text(swap: ModelSwap, chunks: int) -> str:
    """One line: which vectors answer, and how much of the next set is ready."""
    percent = 100 * swap.vectors // max(chunks, 1)
    return (
        f"the vectors of {swap.serving} answer until those of {swap.wanted} are complete: "
        f"{percent} % of {chunks:,} passages ready"
    )
