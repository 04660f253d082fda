"""Transcripts that coding agents keep of their sessions."""
