"""Session logs (markdown): blocks, head, labels → events."""
