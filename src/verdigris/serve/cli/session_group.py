"""The click group `session`."""

from __future__ import annotations

from verdigris.serve.cli.plain_group import command_group
from verdigris.serve.cli.session import HELP, VERBS

session = command_group("session", HELP, VERBS)
