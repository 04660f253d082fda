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
    names: tuple[str, ...] = ()
    """Whole names of files, in lower case."""
    comments_document: bool = True
    """A comment right above a definition is its documentation."""
    misread: bytes = rb""
    """A pattern of what the grammar takes for something else; its groups are always blanked."""
    has_preprocessor: bool = False
    """Lines such as `#if` may stand anywhere, also inside a statement."""
    unknown: bytes = rb""
    """A pattern of what the grammar does not know; its groups are blanked where parsing fails."""
    dot_joins_texts: bool = False
    """A dot stands between texts, and is no way to a member."""
    marks_tests: re.Pattern[bytes] | None = None
    """What a decorator begins with that makes a definition, and all inside it, test code."""


_MACRO_NAME = rb"[A-Z_][A-Z0-9_]{2,}"
_MACRO = _MACRO_NAME + rb"(?:\([^()\n]*\))?"
_MACRO_WITH_CALLS = rb"[A-Z_][A-Z0-9_]{2,}\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_MACROS = rb"((?:" + _MACRO + rb"[ \t]+)+)"
_C_MACROS = (
    rb"(?<!\\\n)^[ \t]*(" + _MACRO + rb")[ \t]*\n(?=\s*[\w#/~\[])"  # a line of its own
    rb"|\)(?:[ \t]*const)?\s+(" + _MACRO + rb")(?=\s*[:;{])"  # void f() LOCKS_EXCLUDED(mutex);
    rb"|(?:^|>|\b(?:static|inline|constexpr|explicit|friend|virtual|template))[ \t]*"
    + _MACROS
    + rb"(?=(?:\w+[ \t]+)*[\w:]+(?:<[^<>;{}\n]*>)?[ \t*&]+[\w(]|~?\w+\(|template\b)"  # API int f();
    rb"|^[ \t]+(" + _MACRO_NAME + rb")(?=[ \t]*\{)"  # TRY { f(); }
    rb"|\}(?:[ \t]*\n)?[ \t]+(" + _MACRO + rb")(?=[ \t]*\{)"  # } CATCH(...) {}
    rb"|^[ \t]*if[ \t]+(" + _MACRO + rb")(?=[ \t]*\()"  # if CONSTEXPR (sizeof(T) > 1)
    rb"|(?<=[\w\]])[ \t]+(" + _MACRO + rb"(?=[ \t]*[;=])|" + _MACRO_NAME + rb"(?=[ \t]*[,)]))"
    # int x GUARDED_BY(mutex); void f(int x UNUSED);
    rb"|(?<!operator )\b(unsigned|signed|long|short)(?=\([^*])"  # unsigned(x) < y
    rb"|\btemplate\s*<[^(){};]*(,\s*" + _MACRO_WITH_CALLS + rb")(?=\s*[,>])"  # <int N, IF(N > 1)>
)
"""Macros in places where the language itself has no word."""
_C_EXPORT = (
    rb"\b(?:class|struct|union|enum)[ \t]+(" + _MACRO + rb")[ \t]+(?=\w+(?:[ \t]+final)?\s*[:{])"
)
"""`struct EXPORT Name {`: the grammar reads a function without parameters, and meets no error."""
_VARIANCE = rb"[<,\n]\s*(in(?:[ \t]+out)?|out)(?=[ \t]+\w+\s*[,>=]|[ \t]+\w+[ \t]+extends\b)"
_KOTLIN_MISREAD = (
    rb"\w(<[A-Z][\w.?*, <>]*>)(?=[ \t]*\{)"  # `boil<Tea> {`: two comparisons
    rb"|^(?:@.*|\))\s(data|value|annotation|actual|expect)(?=[ \t]+class\b)"  # after `@A`: a name
)

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
    marks_tests=re.compile(
        rb"#\[\s*(?:(?:\w+::)*(?:test|test_case|bench|rstest)\b|cfg\((?:all\()?test\b)"
    ),
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
    unknown=_VARIANCE,
    interpreters=("deno", "tsx", "ts-node"),
)
TSX = Language(
    name="tsx",
    extensions=(".tsx",),
    grammar="tree_sitter_typescript",
    grammar_function="language_tsx",
    queries=("ecmascript", "typescript", "jsx"),
    unknown=_VARIANCE,
)
JAVA = Language(name="java", extensions=(".java",), grammar="tree_sitter_java", queries=("java",))
C = Language(
    name="c",
    extensions=(".c", ".h"),
    grammar="tree_sitter_c",
    queries=("c",),
    separator="::",
    misread=_C_EXPORT,
    has_preprocessor=True,
    unknown=_C_MACROS,
)
CPP = Language(
    name="c++",
    extensions=(".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp"),
    grammar="tree_sitter_cpp",
    queries=("c", "cpp"),
    separator="::",
    misread=_C_EXPORT,
    has_preprocessor=True,
    unknown=_C_MACROS,
)
CSHARP = Language(
    name="c#",
    extensions=(".cs", ".csx"),
    grammar="tree_sitter_c_sharp",
    queries=("csharp",),
    has_preprocessor=True,
)
RUBY = Language(
    name="ruby",
    extensions=(".rb", ".rake", ".gemspec", ".ru"),
    grammar="tree_sitter_ruby",
    queries=("ruby",),
    separator="::",
    interpreters=("ruby",),
    names=("gemfile", "rakefile", "guardfile", "vagrantfile"),
)
PHP = Language(
    name="php",
    extensions=(".php", ".phtml"),
    grammar="tree_sitter_php",
    grammar_function="language_php",
    queries=("php",),
    separator="::",
    dot_joins_texts=True,
    interpreters=("php",),
)
KOTLIN = Language(
    name="kotlin",
    extensions=(".kt", ".kts"),
    grammar="tree_sitter_kotlin",
    queries=("kotlin",),
    misread=_KOTLIN_MISREAD,
    unknown=rb"\bclass\s+\w+(?:<[^>\n]*>)?(\s*\n\s*(?:(?:@\w+|\w+)\s+)+constructor\()",
)
SWIFT = Language(
    name="swift",
    extensions=(".swift",),
    grammar="tree_sitter_swift",
    queries=("swift",),
)
SCALA = Language(
    name="scala",
    extensions=(".scala", ".sc", ".sbt"),
    grammar="tree_sitter_scala",
    queries=("scala",),
)
SHELL = Language(
    name="shell",
    extensions=(".sh", ".bash"),
    grammar="tree_sitter_bash",
    queries=("shell",),
    interpreters=("sh", "bash", "dash", "ksh"),
    names=(".bashrc", ".bash_profile", ".profile"),
)
LANGUAGES = (
    *(PYTHON, RUST, GO, JAVASCRIPT, TYPESCRIPT, TSX),
    *(JAVA, C, CPP, CSHARP, RUBY, PHP, KOTLIN, SWIFT, SCALA, SHELL),
)

_BY_EXTENSION = {ending: language for language in LANGUAGES for ending in language.extensions}
_BY_NAME = {name: language for language in LANGUAGES for name in language.names}
_BY_INTERPRETER = {name: language for language in LANGUAGES for name in language.interpreters}

MARKDOWN_EXTENSIONS = frozenset({".md", ".markdown", ".mdx"})
DOC_EXTENSIONS = MARKDOWN_EXTENSIONS | {".rst", ".txt", ".adoc", ".asciidoc"}
_DOC_NAMES = re.compile(
    r"(readme|licen[cs]e|copying|unlicense|notice|changelog|changes|history|news|authors"
    r"|contributors|contributing|maintainers|todo|security|code_of_conduct)([-_.].*)?",
    re.IGNORECASE,
)

_TEXT_LANGUAGES = {
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
    "json": (".json", ".jsonc", ".json5", ".jsonl", ".ndjson", ".ipynb"),
    "lua": (".lua",),
    "make": (".mk", ".mak"),
    "nix": (".nix",),
    "perl": (".pl", ".pm"),
    "powershell": (".ps1", ".psm1"),
    "protobuf": (".proto",),
    "r": (".r",),
    "scheme": (".scm",),
    "shell": (".zsh", ".fish", ".ksh"),
    "sql": (".sql",),
    "svelte": (".svelte",),
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
    "jenkinsfile": "groovy",
    "go.mod": "go.mod",
    ".gitignore": "gitignore",
    ".gitattributes": "gitattributes",
    "cmakelists.txt": "cmake",
    "requirements.txt": "requirements",
    "constraints.txt": "requirements",
    "robots.txt": "robots",
}
_MAN_PAGE = re.compile(r"[A-Za-z][\w+:-]*\.[1-8](?:\.in)?")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "fish"})
_CPP_HEADER = re.compile(
    r"^[ \t]*(?:(?:inline )?namespace\b(?! *=)|template[ \t]*<"
    r"|class[ \t]+[\w: ]+\{|class[ \t]+\w+[ \t]*[:;]|(?:public|private|protected)[ \t]*:"
    r"|using[ \t]+\w|#[ \t]*include[ \t]*<\w+>)|\bstd::\w",
    re.MULTILINE,
)
"""What C does not say (a C header may hold `extern "C"` for C++'s sake)."""
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?([^/\s]+)(?:\s+(?:-\S+\s+)*(\S+))?")


def language_of(path: str, first_line: str = "", text: str = "") -> Language | None:
    """Return the row of the language that can be parsed, or None.

    `first_line` is looked at only where the name has no extension (`#!/usr/bin/env python3`),
    `text` only in a header `.h`: what says `class` or `namespace` is C++, the rest C.
    """
    name = PurePosixPath(path)
    if named := _BY_NAME.get(name.name.lower()):
        return named
    extension = name.suffix.lower()
    if extension == ".h" and _CPP_HEADER.search(text):
        return CPP
    if extension:
        return _BY_EXTENSION.get(extension)
    return _BY_INTERPRETER.get(_interpreter(first_line))


def text_language(path: str, first_line: str = "") -> str:
    """Return the name of the language of a file that is cut as text, '' where unknown."""
    name = PurePosixPath(path)
    by_name = _TEXT_BY_NAME.get(name.name.lower()) or _TEXT_BY_EXTENSION.get(name.suffix.lower())
    if by_name:
        return by_name
    if _MAN_PAGE.fullmatch(name.name):
        return "man page"
    parsed = language_of(path, first_line)
    if parsed:
        return parsed.name
    interpreter = _interpreter(first_line)
    return "shell" if interpreter in _SHELLS else interpreter


def is_man_page(path: str) -> bool:
    """Tell whether the name is that of a manual page: `git-log.1`."""
    return _MAN_PAGE.fullmatch(PurePosixPath(path).name) is not None


def is_document(path: str) -> bool:
    """Tell whether the name is one of prose: by extension, or README, LICENSE and their like."""
    name = PurePosixPath(path)
    extension = name.suffix.lower()
    if name.name.lower() in _TEXT_BY_NAME:
        return False
    if extension in DOC_EXTENSIONS or _MAN_PAGE.fullmatch(name.name):
        return True
    known = (
        extension in _BY_EXTENSION
        or extension in _TEXT_BY_EXTENSION
        or name.name.lower() in _BY_NAME
    )
    return not known and _DOC_NAMES.fullmatch(name.name) is not None


def _interpreter(first_line: str) -> str:
    """Return the program of a `#!` line without path and version: `python` of `env python3.12`."""
    shebang = _SHEBANG.match(first_line)
    if shebang is None:
        return ""
    program, argument = shebang.groups()
    chosen = argument if program == "env" and argument else program
    return re.sub(r"[\d.]+$", "", PurePosixPath(chosen).name)
