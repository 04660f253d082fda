"""Which language a file is written in, and what is needed to parse it: one frozen row each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Language:
    """A language with a grammar and queries of our own."""

    name: str
    extensions: tuple[str, ...]
    grammar: str
    """The Python module that holds the tree-sitter grammar."""
    grammar_function: str = "language"
    queries: tuple[str, ...] = ()
    """Files of queries/, without suffix, that together make the language's query."""
    separator: str = "."
    """Stands between the parts of a qualified name."""
    interpreters: tuple[str, ...] = ()
    """Programs that a `#!` line may name."""
    comments_document: bool = True
    """A comment right above a definition is its documentation."""


PYTHON = Language(
    name="python",
    extensions=(".py", ".pyi"),
    grammar="tree_sitter_python",
    queries=("python",),
    interpreters=("python",),
    comments_document=False,
)
RUST = Language(
    name="rust",
    extensions=(".rs",),
    grammar="tree_sitter_rust",
    queries=("rust",),
    separator="::",
)
GO = Language(name="go", extensions=(".go",), grammar="tree_sitter_go", queries=("go",))
JAVASCRIPT = Language(
    name="javascript",
    extensions=(".js", ".mjs", ".cjs", ".jsx"),
    grammar="tree_sitter_javascript",
    queries=("ecmascript", "javascript", "jsx"),
    interpreters=("node", "bun"),
)
TYPESCRIPT = Language(
    name="typescript",
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript",
    grammar_function="language_typescript",
    queries=("ecmascript", "typescript"),
    interpreters=("deno", "tsx", "ts-node"),
)
TSX = Language(
    name="tsx",
    extensions=(".tsx",),
    grammar="tree_sitter_typescript",
    grammar_function="language_tsx",
    queries=("ecmascript", "typescript", "jsx"),
)
LANGUAGES = (PYTHON, RUST, GO, JAVASCRIPT, TYPESCRIPT, TSX)

_BY_EXTENSION = {ending: language for language in LANGUAGES for ending in language.extensions}
_BY_INTERPRETER = {name: language for language in LANGUAGES for name in language.interpreters}

MARKDOWN_EXTENSIONS = frozenset({".md", ".markdown", ".mdx"})
DOC_EXTENSIONS = MARKDOWN_EXTENSIONS | {".rst", ".txt", ".adoc", ".asciidoc"}
_DOC_NAMES = re.compile(
    r"(readme|licen[cs]e|copying|unlicense|notice|changelog|changes|history|news|authors"
    r"|contributors|contributing|maintainers|todo|security|code_of_conduct)([-_.].*)?",
    re.IGNORECASE,
)

_TEXT_LANGUAGES = {
    "c": (".c", ".h"),
    "c++": (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
    "c#": (".cs",),
    "css": (".css", ".scss", ".sass", ".less"),
    "csv": (".csv", ".tsv"),
    "dart": (".dart",),
    "diff": (".diff", ".patch"),
    "dockerfile": (".dockerfile",),
    "elixir": (".ex", ".exs"),
    "erlang": (".erl", ".hrl"),
    "graphql": (".graphql", ".gql"),
    "haskell": (".hs",),
    "hcl": (".tf", ".hcl"),
    "html": (".html", ".htm", ".xhtml", ".jinja", ".j2", ".ejs", ".hbs", ".tmpl"),
    "ini": (".ini", ".cfg", ".conf", ".properties", ".editorconfig", ".gitconfig"),
    "java": (".java",),
    "json": (".json", ".jsonc", ".json5", ".jsonl", ".ndjson", ".ipynb"),
    "kotlin": (".kt", ".kts"),
    "lua": (".lua",),
    "make": (".mk", ".mak"),
    "nix": (".nix",),
    "perl": (".pl", ".pm"),
    "php": (".php",),
    "powershell": (".ps1", ".psm1"),
    "protobuf": (".proto",),
    "r": (".r",),
    "ruby": (".rb", ".gemspec", ".rake"),
    "scala": (".scala", ".sbt"),
    "scheme": (".scm",),
    "shell": (".sh", ".bash", ".zsh", ".fish", ".ksh"),
    "sql": (".sql",),
    "svelte": (".svelte",),
    "swift": (".swift",),
    "toml": (".toml",),
    "vue": (".vue",),
    "xml": (".xml", ".xsl", ".xsd", ".svg", ".plist"),
    "yaml": (".yaml", ".yml"),
    "zig": (".zig",),
    "asciidoc": (".adoc", ".asciidoc"),
    "markdown": (".md", ".markdown", ".mdx"),
    "restructuredtext": (".rst",),
    "text": (".txt",),
}
_TEXT_BY_EXTENSION = {
    ending: name for name, endings in _TEXT_LANGUAGES.items() for ending in endings
}
_TEXT_BY_NAME = {
    "makefile": "make",
    "gnumakefile": "make",
    "justfile": "make",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "gemfile": "ruby",
    "rakefile": "ruby",
    "jenkinsfile": "groovy",
    "go.mod": "go.mod",
    ".gitignore": "gitignore",
    ".gitattributes": "gitattributes",
    "cmakelists.txt": "cmake",
    "requirements.txt": "requirements",
    "constraints.txt": "requirements",
    "robots.txt": "robots",
}
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "fish"})
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?([^/\s]+)(?:\s+(?:-\S+\s+)*(\S+))?")


def language_of(path: str, first_line: str = "") -> Language | None:
    """Return the row of the language that can be parsed, or None.

    `first_line` is looked at only where the name has no extension (`#!/usr/bin/env python3`).
    """
    extension = PurePosixPath(path).suffix.lower()
    if extension:
        return _BY_EXTENSION.get(extension)
    return _BY_INTERPRETER.get(_interpreter(first_line))


def text_language(path: str, first_line: str = "") -> str:
    """Return the name of the language of a file that is cut as text, '' where unknown."""
    name = PurePosixPath(path)
    by_name = _TEXT_BY_NAME.get(name.name.lower()) or _TEXT_BY_EXTENSION.get(name.suffix.lower())
    if by_name:
        return by_name
    parsed = language_of(path, first_line)
    if parsed:
        return parsed.name
    interpreter = _interpreter(first_line)
    return "shell" if interpreter in _SHELLS else interpreter


def is_document(path: str) -> bool:
    """Tell whether the name is one of prose: by extension, or README, LICENSE and their like."""
    name = PurePosixPath(path)
    extension = name.suffix.lower()
    if name.name.lower() in _TEXT_BY_NAME:
        return False
    if extension in DOC_EXTENSIONS:
        return True
    known = extension in _BY_EXTENSION or extension in _TEXT_BY_EXTENSION
    return not known and _DOC_NAMES.fullmatch(name.name) is not None


def _interpreter(first_line: str) -> str:
    """Return the program of a `#!` line without path and version: `python` of `env python3.12`."""
    shebang = _SHEBANG.match(first_line)
    if shebang is None:
        return ""
    program, argument = shebang.groups()
    chosen = argument if program == "env" and argument else program
    return re.sub(r"[\d.]+$", "", PurePosixPath(chosen).name)
