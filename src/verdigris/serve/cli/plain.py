"""Commands as rows: run without click, whose import takes longer than they do, or shown by it.

One table of rows makes both parsers, so that they cannot drift apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from verdigris.named_tuple import NamedTuple
from verdigris.serve.cli import FOUND, leave_pipe


class Option(NamedTuple):
    """`--NAME`, by default a flag."""

    name: str
    help: str
    metavar: str = ""
    """What its value is called; '' makes it a flag."""
    repeatable: bool = False
    short: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """As they are typed, the short one first."""
        return (*([f"-{self.short}"] if self.short else []), f"--{self.name}")


class Given(NamedTuple):
    """What somebody typed after a verb."""

    words: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    """Name and value of each option as typed; a flag's value is ''."""

    def flag(self, name: str) -> bool:
        """Whether an option was given."""
        return any(given == name for given, _ in self.options)

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a repeatable option."""
        return tuple(value for given, value in self.options if given == name)

    def text(self, name: str) -> str:
        """The value of an option: the last one typed, '' for none."""
        return next(reversed(self.texts(name)), "")


class Verb(NamedTuple):
    """One command of a group; `run` returns the exit code."""

    name: str
    help: str
    run: Callable[[Given], int]
    options: tuple[Option, ...] = ()
    words: str = ""
    """`TITLE`: one; `[ID]`: none or one; `TEXT...`: one or more; `[TEXT]...`: any number."""

    @property
    def needs_words(self) -> bool:
        """Whether at least one word must follow."""
        return bool(self.words) and not self.words.startswith("[")

    @property
    def takes_many_words(self) -> bool:
        """Whether any number of words may follow."""
        return self.words.endswith("...")


def run_verb(verbs: Sequence[Verb], arguments: Sequence[str]) -> int | None:
    """Run the verb that the arguments name; None, and nothing done, where they need click."""
    verb = next((one for one in verbs if [one.name] == list(arguments[:1])), None)
    given = parse(verb, arguments[1:]) if verb else None
    if verb is None or given is None:
        return None
    try:
        return verb.run(given)
    except BrokenPipeError:
        leave_pipe()
        return FOUND


def parse(verb: Verb, arguments: Sequence[str]) -> Given | None:
    """Words and options as click would read them; None where click has something to say."""
    known = {spelling: option for option in verb.options for spelling in option.spellings}
    words: list[str] = []
    options: list[tuple[str, str]] = []
    rest = iter(arguments)
    for argument in rest:
        spelling, equals, value = argument.partition("=")
        if argument == "--":
            words += rest
        elif argument == "-" or not argument.startswith("-"):
            words.append(argument)
        elif (option := known.get(spelling)) is None or (equals and not option.metavar):
            return None
        elif option.metavar and not equals:
            following = next(rest, None)
            if following is None:
                return None
            options.append((option.name, following))
        else:
            options.append((option.name, value))
    fits = len(words) >= verb.needs_words and (
        verb.takes_many_words or len(words) <= bool(verb.words)
    )
    return Given(tuple(words), tuple(options)) if fits else None


def write_line(text: str) -> None:
    """A line on standard output, written at once; what it cannot show becomes `?`."""
    if sys.stdout is None:  # closed by whoever started this
        return
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(f"{text.encode(encoding, 'replace').decode(encoding)}\n")
    sys.stdout.flush()
