"""Upkeep: what brings log, index and vectors up to date, and what tells whether they are sound."""
