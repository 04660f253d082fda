"""Measurements of verdigris on real texts; see README of the project, `make bench`."""
