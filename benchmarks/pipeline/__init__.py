"""Measures the whole pipeline, from a git repository to an answer, in real processes."""
