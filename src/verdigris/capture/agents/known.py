"""The coding agents that verdigris knows: where their files lie, and what their hooks are called.

Sources, read in November 2026: code.claude.com/docs/en/hooks, developers.openai.com/codex/hooks,
geminicli.com/docs/hooks/reference. Tried with Claude Code 2.1.197, Codex CLI 0.169.0 (and 0.128.0)
and Gemini CLI 0.61.0: each ran every hook that is listed here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HookRow:
    """One event that is listened to."""

    event: str
    matcher: str = ""
    """An expression over the names of tools; '' where the event has none."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. Paths are relative to the repository's root, or to `home` for all projects."""

    name: str
    title: str
    instructions: str
    """The markdown file that the agent reads before it begins."""
    home: str = ""
    """Its folder below the user's own; '' for an agent without one."""
    home_variable: str = ""
    """The environment variable that moves `home`."""
    hooks_file: str = ""
    """JSON, in the folder that is called like `home`; '' for an agent without hooks."""
    hooks: tuple[HookRow, ...] = ()
    timeout: int = 0
    """How long a hook may take, in the agent's own unit."""
    names_hooks: bool = False
    """Each hook carries a name that the agent shows."""
    advice: str = ""
    """What the user has to do in the agent."""


_CLAUDE_TOOLS = "Edit|MultiEdit|Write|NotebookEdit"
_CODEX_TOOLS = "apply_patch|Edit|Write"
_GEMINI_TOOLS = "write_file|replace"

AGENTS = (
    Agent(
        "claude",
        "Claude Code",
        "CLAUDE.md",
        ".claude",
        "CLAUDE_CONFIG_DIR",
        "settings.json",
        (
            HookRow("SessionStart"),
            HookRow("UserPromptSubmit"),
            HookRow("PostToolUse", _CLAUDE_TOOLS),
            HookRow("Stop"),
            HookRow("SessionEnd"),
        ),
        5,
    ),
    Agent(
        "codex",
        "Codex CLI",
        "AGENTS.md",
        ".codex",
        "CODEX_HOME",
        "hooks.json",
        (
            HookRow("SessionStart"),
            HookRow("UserPromptSubmit"),
            HookRow("PostToolUse", _CODEX_TOOLS),
            HookRow("Stop"),
            HookRow("SessionEnd"),  # older versions pass over it
        ),
        3,  # Codex allows no more for SessionEnd, and warns
        advice="Codex runs new hooks only after you trust them: it asks when it starts next, "
        "or type /hooks in Codex",
    ),
    Agent(
        "gemini",
        "Gemini CLI",
        "GEMINI.md",
        ".gemini",
        "",
        "settings.json",
        (
            HookRow("SessionStart"),
            HookRow("BeforeAgent"),
            HookRow("AfterTool", _GEMINI_TOOLS),
            HookRow("AfterAgent"),
            HookRow("SessionEnd"),
        ),
        5_000,
        names_hooks=True,
        advice="Gemini CLI runs hooks only in folders that you trust: it asks when it starts there",
    ),
    Agent("generic", "any agent that reads AGENTS.md", "AGENTS.md"),
)


def instructions(agent: Agent) -> str:
    """What the agent is told, as markdown."""
    return "\n".join([_HEAD, _RECORDED if agent.hooks else _BY_HAND, _TAIL])


_HEAD = """\
## Project memory (verdigris)

This repository has a memory of its own: sessions, commits, code and documents, searched by meaning.

- Before you change something whose reason you do not know, ask: `verdigris scry "why …?" -k 5`.
  Results name file, lines and commit; exit code 1 means that nothing was found. When one answered
  it, say which: `verdigris used 2`.
- Before you commit, see what you may have forgotten: `verdigris related --staged`; for one file,
  what changed together with it: `verdigris related PATH`."""
_RECORDED = """\
- Prompts and answers are written down by hooks. Add what they do not show, above all decisions and
  why: `verdigris session note "DECISION, because REASON"`."""
_BY_HAND = """\
- When you begin: `verdigris session start "TITLE"`. When you decide something:
  `verdigris session note "DECISION, because REASON"`. After each piece of work: `verdigris session
  update --work "…" --decision "…" --challenge "…"`. When you are done: `verdigris session end`."""
_TAIL = """\
- Do not write secrets into notes; they are kept in markdown files of this repository."""
