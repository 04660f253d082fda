"""Source code: tree-sitter's syntax → symbols, calls, imports."""
