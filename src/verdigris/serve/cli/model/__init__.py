"""The commands of `verdigris model`."""
