"""Stores: the index of a work tree, the user's cache of vectors, nearest-neighbour search."""
