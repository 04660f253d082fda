"""Work sessions as they are written down: markdown logs and git tags; standard library only.

Paths are texts and times are seconds since 1970 in what session commands and hooks need: importing
`pathlib` and `datetime` takes longer than a note.
"""
