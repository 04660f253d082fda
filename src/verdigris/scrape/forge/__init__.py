"""Issues, pull requests and discussions of a forge."""
