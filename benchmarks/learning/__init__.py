"""What is learned from a history, measured on commits that came later."""
