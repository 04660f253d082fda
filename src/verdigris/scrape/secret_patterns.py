"""Finds the secrets of lines: detect-secrets' expressions and filters, and a few of our own.

detect-secrets' own scan is not used: it reports values without their place, and may call the
service that a key belongs to. Only its expressions and pure functions are; nothing here opens a
socket.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from detect_secrets.filters import heuristic
from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.high_entropy_strings import (
    Base64HighEntropyString,
    HexHighEntropyString,
)
from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.keyword import (
    DENYLIST,
    GOLANG_DENYLIST_REGEX_TO_GROUP,
    QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP,
)
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

KEYWORD = "Secret Keyword"


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands in its line, and what kind it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One shape of secret; `group` is the part to hide."""

    kind: str
    expression: re.Pattern[str]
    group: int


_DETECTORS = (
    ArtifactoryDetector,
    AWSKeyDetector,
    AzureStorageKeyDetector,
    CloudantDetector,
    DiscordBotTokenDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    IbmCloudIamDetector,
    IbmCosHmacDetector,
    MailchimpDetector,
    NpmDetector,
    OpenAIDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    SoftlayerDetector,
    SquareOAuthDetector,
    StripeDetector,
    TelegramBotTokenDetector,
    TwilioKeyDetector,
)
# In these the expression's group is only the prefix of the token.
_WHOLE_MATCH = (GitHubTokenDetector, GitLabTokenDetector)

_NEWER_SHAPES = (
    ("GitHub Token", r"github_pat_[A-Za-z0-9_]{50,}"),
    ("Anthropic Key", r"sk-ant-[A-Za-z0-9_-]{32,}"),
    ("OpenAI Token", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,}"),
    ("Google API Key", r"AIza[A-Za-z0-9_-]{35}"),
    ("Hugging Face Token", r"hf_[A-Za-z0-9]{34}"),
    ("NPM tokens", r"npm_[A-Za-z0-9]{36}"),
    ("Slack Token", r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}"),
    ("Stripe Access Key", r"[rs]k_(?:live|test)_[0-9A-Za-z]{24,}"),
)
"""Shapes that detect-secrets 1.5 does not know, as the services' documentation gives them."""


def _token_patterns() -> tuple[_Pattern, ...]:
    rows = [
        _Pattern(
            detector.secret_type,
            expression,
            0 if detector in _WHOLE_MATCH else min(1, expression.groups),
        )
        for detector in _DETECTORS
        for expression in detector.denylist
    ]
    rows += [_Pattern(kind, re.compile(shape), 0) for kind, shape in _NEWER_SHAPES]
    return tuple(rows)


_BEFORE_A_NAME = r"(?:(?<=\W)|(?<=^))"
"""How detect-secrets' expressions begin that look for the name of a key and its value."""
_TOKENS = _token_patterns()
_NAME_HINTS = ("key", "pass", "pw", "secret", "token", "credential", "bearer", "auth", "contrase")
"""Without any of these a line names no secret; the expressions for names are the slow ones."""
_QUOTED_NAME = re.compile("|".join(DENYLIST))
"""In lower case. Without any of these detect-secrets takes no quoted value for a secret."""

_NAMED = tuple((QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP | GOLANG_DENYLIST_REGEX_TO_GROUP).items())
_UNQUOTED = re.compile(
    r"^\s*(?:-\s+|export\s+)?[\w.-]*?(?:api_?key|(?:auth|service|account|db|priv|private|client"
    r"|access)_?key|pass(?:wd|word|phrase)?|pwd|secret|token)[\w.-]*\s*[=:]\s*"
    r"([^\s'\"`#]+)\s*(?:#.*)?$",
    re.IGNORECASE,
)
_UNQUOTED_SUFFIXES = frozenset(
    {".cfg", ".cnf", ".conf", ".env", ".ini", ".properties", ".toml", ".yaml", ".yml"}
)
_ASSIGNED_TOKEN = re.compile(
    r"(?:token(?!iz)|credential|bearer|auth(?!or)|access_?key|signing_?key|encryption_?key"
    r"|passphrase)\w*[\]'\"]{0,2}\s*(?::=|=>|[=:]{1,3})\s*([\"'`])([A-Za-z0-9+/_=-]{16,})\1",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"\b(?:bearer|authorization:\s*(?:token|basic))\s+([A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE
)
_BASE64, _HEX = Base64HighEntropyString(), HexHighEntropyString()
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]+")

_PLACEHOLDER = re.compile(
    r"redacted|example|sample|placeholder|dummy|changeme|change[-_ ]me|replace[-_ ]?me|your[-_ ]"
    r"|my[-_](?:secret|password|token|key)|insert[-_ ]|x{4,}|\*{3,}|\.{3}|0{8,}|(.)\1{7,}"
    r"|<[^>]*>|\{[^}]*\}|\$\(|%\(|%s",
    re.IGNORECASE,
)
_TEST_VALUE = re.compile(
    r"(?:(?:my|your|the|a|an|test|fake|mock|some|old|new|bad|wrong|invalid|user|username|admin"
    r"|root|secret|password|passwd|pass|pwd|token|key|api|foo|bar|baz|value|none|null|true|false)"
    r"[-_ ]?)+[0-9]{0,3}",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"[\[({<>})\]\\]"  # code, or an expression
    r"|\s"  # a sentence
    r"|^[./~#@]|://"  # a path, a URL, an anchor
    r"|^_*[A-Za-z]+(?:[-_.:/]+[A-Za-z]+)*[-_.:/]?$"  # a name made of words
)
_DIGEST_NAME = re.compile(r"(?:sha\d*|digest|checksum|fingerprint|integrity|hash)\W*$", re.I)
_TOKEN_REST = re.compile(r"[A-Za-z0-9_.+/=-]*")
_SHORTEST_VALUE = 5
_SHORTEST_UNQUOTED = 8


def find_secrets(lines: Sequence[str], path: str = "") -> list[list[Secret]]:
    """The secrets of each line: in order, and none inside another.

    path: of the file, which tells whether values may stand without quotes; '' if there is none.

    Method: a file has few of the shapes that tokens may have, or none; one search over all its
    lines tells for each shape, so that a line is searched for those alone.
    """
    shapes = _occurring(lines)
    unquoted = _has_unquoted_values(path)
    return [_secrets_of(line, shapes, unquoted) for line in lines]


def _occurring(lines: Sequence[str]) -> list[_Pattern]:
    """The shapes of tokens that some line may have."""
    text = "\n".join(lines)
    named = "\n".join(line for line in lines if _names_secret(line.lower()))
    return [
        shape
        for shape in _TOKENS
        if shape.expression.search(
            named if shape.expression.pattern.startswith(_BEFORE_A_NAME) else text
        )
    ]


def _names_secret(lowered: str) -> bool:
    return any(hint in lowered for hint in _NAME_HINTS)


def _secrets_of(line: str, shapes: Iterable[_Pattern], unquoted: bool) -> list[Secret]:
    if "pragma: allowlist" in line:
        return []
    found = [*_tokens(line, shapes), *_web_tokens(line), *_logins(line)]
    lowered = line.lower()
    if _names_secret(lowered):
        found += _random(line)
        found += _named(line) if _QUOTED_NAME.search(lowered) else ()
        found += _unquoted(line) if unquoted else ()
    found.sort(key=lambda secret: (secret.start, -secret.end))
    kept: list[Secret] = []
    for secret in found:
        if not kept or secret.start >= kept[-1].end:
            kept.append(secret)
    return kept


def _tokens(line: str, shapes: Iterable[_Pattern]) -> Iterator[Secret]:
    for shape in shapes:
        for match in shape.expression.finditer(line):
            start, end = match.span(shape.group)
            value = line[start:end]
            # Artifactory's expressions take the delimiters along.
            start += len(value) - len(value.lstrip(" \t\"'=:"))
            value = value.lstrip(" \t\"'=:").rstrip(" \t\"'")
            if _is_token(line, start, value):
                yield Secret(start, start + len(value), shape.kind)


def _is_token(line: str, start: int, value: str) -> bool:
    """Whether a match stands on its own, and is neither an example nor a hash."""
    alone = start == 0 or not line[start - 1].isalnum() or line[start - 2 : start - 1] == "\\"
    after = line[start + len(value) : start + len(value) + 1]
    is_hash = len(value) == 40 and _HEX_DIGITS.fullmatch(value) is not None
    return (
        alone
        and not after.isalnum()
        and any(character.isdigit() for character in value)
        and not is_hash
        and not _PLACEHOLDER.search(value)
    )


def _web_tokens(line: str) -> Iterator[Secret]:
    """JSON Web Tokens with their signature, which detect-secrets' expression leaves out."""
    if "eyJ" not in line:
        return
    for match in JwtTokenDetector.denylist[0].finditer(line):
        if JwtTokenDetector.is_formally_valid(match[0]):
            rest = _TOKEN_REST.match(line, match.end())
            end = rest.end() if rest else match.end()
            yield Secret(match.start(), end, JwtTokenDetector.secret_type)


def _logins(line: str) -> Iterator[Secret]:
    """Passwords of URLs such as `https://user:PASSWORD@host`."""
    for match in BasicAuthDetector.denylist[0].finditer(line):
        password = match[1]
        user = match[0].removeprefix("://").partition(":")[0]
        if password != user and not _is_example(password):
            yield Secret(*match.span(1), BasicAuthDetector.secret_type)


def _named(line: str) -> Iterator[Secret]:
    """Quoted values of names such as `password`."""
    for expression, group in _NAMED:
        for match in expression.finditer(line):
            start = match.start(group)
            quoted = line[start - 1] in "\"'`"  # Go's expressions also take bare values: code
            if quoted and _is_named_secret(line, start, match[group], _SHORTEST_VALUE):
                yield Secret(*match.span(group), KEYWORD)


def _unquoted(line: str) -> Iterator[Secret]:
    match = _UNQUOTED.match(line)
    if match and _is_named_secret(line, match.start(1), match[1], _SHORTEST_UNQUOTED):
        yield Secret(*match.span(1), KEYWORD)


def _is_named_secret(line: str, start: int, value: str, shortest: int) -> bool:
    return not (
        len(value) < shortest
        or _is_example(value)
        or _REFERENCE.search(value)
        or _DIGEST_NAME.search(line[:start])
        or heuristic.is_sequential_string(value)
        or heuristic.is_potential_uuid(value)
        or heuristic.is_templated_secret(value)
        or heuristic.is_prefixed_with_dollar_sign(value)
        or heuristic.is_not_alphanumeric_string(value)
        or heuristic.is_likely_id_string(value, line)
    )


def _random(line: str) -> Iterator[Secret]:
    """Random-looking values that are assigned to a token's name or follow `Bearer`."""
    for expression, group in ((_ASSIGNED_TOKEN, 2), (_BEARER, 1)):
        for match in expression.finditer(line):
            value, start = match[group], match.start(group)
            if _is_random(value) and _is_named_secret(line, start, value, _SHORTEST_VALUE):
                yield Secret(*match.span(group), "High Entropy String")


def _is_random(value: str) -> bool:
    detector = _HEX if _HEX_DIGITS.fullmatch(value) else _BASE64
    # n characters have at most log2(n) bits: a short value cannot reach detect-secrets' limit.
    limit = min(detector.entropy_limit, 0.85 * math.log2(len(value)))
    return bool(detector.calculate_shannon_entropy(value) > limit)


def _is_example(value: str) -> bool:
    return bool(_PLACEHOLDER.search(value) or _TEST_VALUE.fullmatch(value))


def _has_unquoted_values(path: str) -> bool:
    name = PurePosixPath(path)
    return name.suffix in _UNQUOTED_SUFFIXES or name.name.startswith(".env")
