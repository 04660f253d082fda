"""Scrapers: read sessions, git history, code and documents into events."""
