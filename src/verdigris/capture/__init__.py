"""Work sessions as they are written down: markdown logs and git tags; standard library only."""
