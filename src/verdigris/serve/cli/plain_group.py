"""Rows of `plain` as click commands: for help, completion, and what is wrong with arguments."""

from __future__ import annotations

from collections.abc import Sequence

import click

from verdigris.serve.cli.plain import Given, Option, Verb


def command_group(name: str, text: str, verbs: Sequence[Verb]) -> click.Group:
    """A click group whose commands are the verbs; text: its help."""
    return click.Group(name, help=text, commands=[_command(verb) for verb in verbs])


def _command(verb: Verb) -> click.Command:
    @click.pass_context
    def callback(ctx: click.Context, /, **typed: object) -> None:  # click names each parameter
        ctx.exit(verb.run(_given(verb, typed)))

    parameters: list[click.Parameter] = [_option(option) for option in verb.options]
    if verb.words:
        parameters.append(
            click.Argument(
                ["words"],
                nargs=-1 if verb.takes_many_words else 1,
                required=verb.needs_words,
                metavar=verb.words,
            )
        )
    return click.Command(verb.name, help=verb.help, params=parameters, callback=callback)


def _option(option: Option) -> click.Option:
    return click.Option(
        [*option.spellings, option.name],
        help=option.help,
        metavar=option.metavar or None,
        is_flag=None if option.metavar else True,  # a plain False lets the value be left out
        multiple=option.repeatable,
    )


def _given(verb: Verb, typed: dict[str, object]) -> Given:
    words = _texts(typed.get("words"))
    named = [(option, typed[option.name]) for option in verb.options]
    flags = [(option.name, "") for option, value in named if value is True]
    values = [(option.name, text) for option, value in named for text in _texts(value)]
    return Given(words, (*flags, *values))


def _texts(value: object) -> tuple[str, ...]:
    """One text, several, or none (also of a flag)."""
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, tuple) else ()
