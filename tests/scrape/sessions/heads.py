"""The head of a session log in its older and its newer form."""

from __future__ import annotations

LEGACY_HEAD = """\
# Session: Teach the heron to count
**ID**: 20260314-091500
**Started**: 2026-03-14T13:15:00Z
**Start Timestamp**: 1773494100000
**LLM**: owl
**Git Branch**: marsh
**Session Tag**: session-20260314-091500-start
**Starting Commit**: 0123456789abcdef0123456789abcdef01234567

"""

MODERN_HEAD = """\
---
type: session
id: "20260315-220000"
title: "Heron: the second day"
status: active
llm: owl
created: 2026-03-15T21:00:00Z
start_timestamp: 1773608400000
git:
  branch: lake
  starting_commit: 1234567
  start_tag: session-20260315-220000-owl-start
---

# Session: Heron, second day
"""
