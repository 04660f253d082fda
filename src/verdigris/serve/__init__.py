"""Surfaces: translate between a user and the knowledge base; one facade call per verb."""
