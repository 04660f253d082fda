"""Learning from the repository's own history: projections of frozen embeddings, and their gate."""
