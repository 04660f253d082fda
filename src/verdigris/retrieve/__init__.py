"""Retrieval: lanes rank documents of one kind, fusion makes one answer of them."""
