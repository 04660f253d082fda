"""Git's history: commits, their messages, moments, old versions of files."""
