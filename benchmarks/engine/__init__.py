"""Measures the embedding engine against its peers: `python -m benchmarks.engine --texts FOLDER`."""
