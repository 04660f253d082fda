"""Coding agents: their hooks and instruction files, and what the hooks write down."""
