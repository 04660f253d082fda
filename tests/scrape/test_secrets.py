"""Redaction: what is hidden, and what stays readable.

The secrets are made up, and put together when the tests run, so that no scanner takes this file
for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import socket
import string
import subprocess
import sys
import time

import pytest

from verdigris.scrape.secrets import count_redactions, redact

_RANDOM = random.Random(7)


def made_up(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """A random value with a digit in it."""
    return "".join(_RANDOM.choice(alphabet) for _ in range(length - 1)) + "7"


HEX = string.hexdigits[:16]
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits


def web_token() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "name": "Ada"})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in encoded), made_up(43)])


TOKENS = [
    ("AWS Access Key", "AK" + "IA" + made_up(16, UPPER)),
    ("GitHub Token", "gh" + "p_" + made_up(36)),
    ("GitHub Token", "github" + "_pat_" + made_up(82)),
    ("GitLab Token", "gl" + "pat-" + made_up(20)),
    ("Slack Token", "xo" + "xb-1234567890-" + made_up(24, LOWER)),
    ("Stripe Access Key", "sk_" + "live_" + made_up(24)),
    ("Stripe Access Key", "rk_" + "test_" + made_up(30)),
    ("OpenAI Token", "sk-" + made_up(20) + "T3Blbk" + "FJ" + made_up(20)),
    ("OpenAI Token", "sk-" + "proj-" + made_up(80)),
    ("Anthropic Key", "sk-" + "ant-api03-" + made_up(80)),
    ("Google API Key", "AI" + "za" + made_up(35)),
    ("Hugging Face Token", "h" + "f_" + made_up(34)),
    ("NPM tokens", "np" + "m_" + made_up(36)),
    ("PyPI Token", "py" + "pi-AgEIcHlwaS5vcmc" + made_up(90)),
    ("SendGrid API Key", "S" + "G." + made_up(22) + "." + made_up(43)),
    ("Twilio API Key", "S" + "K" + made_up(32, HEX)),
    ("Mailchimp Access Key", made_up(32, HEX) + "-us" + "12"),
    ("Telegram Bot Token", "110201543:" + made_up(35)),
    ("Square OAuth Secret", "sq0" + "csp-" + made_up(43)),
    ("JSON Web Token", web_token()),
]


@pytest.mark.parametrize("template", ["{}", "Use {} here", "key: {}", 'call("{}")', "X={};"])
@pytest.mark.parametrize(("kind", "token"), TOKENS, ids=lambda value: value[:12])
def test_tokens_of_known_shape_are_hidden(kind: str, token: str, template: str) -> None:
    found = redact("first\n" + template.format(token) + "\nlast")

    assert found.text == "first\n" + template.format(f"[redacted:{kind}]") + "\nlast"
    assert found.count == count_redactions(found.text) == 1


@pytest.mark.parametrize(
    ("before", "secret", "after", "kind"),
    [
        ("https://ada:", "S3cr" + "etPa55", "@git.acme.dev/x", "Basic Auth Credentials"),
        ("postgresql://app:", "wherever" + "Iroam", "@db:5432/x", "Basic Auth Credentials"),
        ("AccountKey=", made_up(86) + "==", ";x", "Azure Storage Account access key"),
        ("aws_secret_access_key = '", made_up(40), "'", "AWS Access Key"),
        ("//registry.acme.dev/:_authToken=", made_up(36, HEX), "", "NPM tokens"),
        ("artifactory: AKC", made_up(20), "", "Artifactory Credentials"),
        ("Authorization: Bearer ", made_up(40), "", "High Entropy String"),
        ("session_token = '", made_up(40), "'", "High Entropy String"),
        ("session_token = '", "q7Rt" + "Zx2LmN9v" + "Bw4K", "'", "High Entropy String"),
        ('"auth": "', made_up(40, HEX), '"', "High Entropy String"),
        ('password = "', "hunter" + "22", '"', "Secret Keyword"),
        ("  'db_password': '", "tr0ub4dor" + "&3", "',", "Secret Keyword"),
        ('connect(host, password="', "tr0ub4dor" + "&3", '")', "Secret Keyword"),
        ('os.environ["API_KEY"] = "', made_up(32, HEX), '"', "Secret Keyword"),
        ('if "', "tr0ub4dor" + "&3", '" == user_password:', "Secret Keyword"),
        ("client_secret := `", made_up(24), "`", "Secret Keyword"),
    ],
)
def test_named_secrets_are_hidden_in_their_line(
    before: str, secret: str, after: str, kind: str
) -> None:
    found = redact(before + secret + after)

    assert secret not in found.text
    assert f"[redacted:{kind}]{after}" in found.text


@pytest.mark.parametrize("path", ["settings.yaml", "app/.env", ".env.production", "db.ini"])
def test_configuration_needs_no_quotes(path: str) -> None:
    line = "DB_PASSWORD={}  # do not tell" if "env" in path else "db_password: {}"
    value = "tr0ub4dor" + "X3"

    assert redact(line.format(value), path).text == line.format("[redacted:Secret Keyword]")
    assert redact(line.format(value), "notes.md").count == 0


def test_several_secrets_of_a_line_are_all_hidden() -> None:
    one, two = made_up(20), made_up(20)
    line = f'{{"password": "{one}", "user": "ada", "secret": "{two}"}}'

    found = redact(line)

    hidden = "[redacted:Secret Keyword]"
    assert found.text == f'{{"password": "{hidden}", "user": "ada", "secret": "{hidden}"}}'
    assert found.count == 2


def key_block(label: str = "RSA PRIVATE KEY", lines: int = 4) -> str:
    body = "\n".join(made_up(64) for _ in range(lines))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


@pytest.mark.parametrize("label", ["PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_private_keys_are_hidden_whole_and_lines_keep_their_numbers(label: str) -> None:
    found = redact(f"before\nkey = '''{key_block(label)}'''\nafter\n")

    assert found.text == "before\nkey = '''[redacted:Private Key]\n\n\n\n\n'''\nafter\n"
    assert found.count == 1


def test_a_private_key_in_one_line_is_hidden() -> None:
    text = 'KEY = "' + key_block().replace("\n", "\\n") + '"\n'

    assert redact(text).text == 'KEY = "[redacted:Private Key]"\n'


def test_a_private_key_that_is_cut_off_is_hidden() -> None:
    found = redact("x\n" + key_block()[:200])

    assert found.text == "x\n[redacted:Private Key]\n\n\n"


def test_code_about_private_keys_stays_readable() -> None:
    text = (
        'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    end = "-----END RSA PRIVATE KEY-----"\n'
    )

    assert redact(text).text == text


@pytest.mark.parametrize(
    "line",
    [
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "Fixes 9fceb02d0ae598e95dc970b74767f19372d61af8 (see session_token)",
        "id: 123e4567-e89b-12d3-a456-426614174000",
        'secret_id = "123e4567-e89b-12d3-a456-426614174000"',
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        'tokenizer_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
        'integrity="sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxv"',
        "password = get_password()",
        "def login(user: str, password: str, token: str) -> None:",
        'api_key=os.environ["API_KEY_2"]',
        "secret = request.headers['X-Secret-1']",
        'api_key = "<your-key>"',
        'api_key = "your_api_key_here_1"',
        'password = "changeme1"',
        'token = "xxxxxxxxxxxxxxxxxxxxxxxx"',
        'password = "password"',
        'password = "test123"',
        'secret = "${DB_SECRET_1}"',
        'secret = "{{ vault.secret_1 }}"',
        'password_file = "/run/secrets/db1"',
        'label_password = "Enter 1 password"',
        'secret_name = "tls-certificate"',
        'KEYS = {"password": "********"}',
        "https://user:pass@example.com/",
        "postgres://postgres:postgres@localhost/db",
        "http://localhost:8080/@scope/package",
        "aws key AKIA" + "IOSFODNN7EXAMPLE",
        "self.api_key = api_key",
        'password = "hunter22x"  # pragma: allowlist secret',
        'author = "Ada Lovelace 1815"',
        "from tokenizers import Tokenizer  # version 0.21.0 and later",
        "tests/scrape/test_really_long_name_2_of_a_file.py::test_passwords",
    ],
)
def test_ordinary_lines_stay_readable(line: str) -> None:
    assert redact(line).text == line
    assert redact(line, "settings.yaml").text == line


def test_redacting_again_changes_nothing() -> None:
    text = f'password = "{made_up(20)}"\n{TOKENS[0][1]}\n{key_block()}\n'
    once = redact(text)

    assert redact(once.text).text == once.text
    assert (once.count, redact(once.text).count) == (3, 0)


def test_letters_that_grow_in_lower_case_do_not_shift_the_search() -> None:
    text = "İ" * 50 + "\n" + 'PASSWORD = "' + "hunter" + '22"\n'

    assert redact(text).text.endswith('PASSWORD = "[redacted:Secret Keyword]"\n')


def test_ordinary_code_is_fast() -> None:
    line = "        result = self._compute_something(value, other_value, index + 1)  # note\n"
    started = time.process_time()
    redact(line * 100_000)

    assert time.process_time() - started < 1


@pytest.mark.parametrize("piece", ["password='", 'password="a1', "sk-a1", "eyJ1", "://a1:", "a"])
def test_no_line_is_slow(piece: str) -> None:
    started = time.process_time()
    redact(piece * (40_000 // len(piece)))

    assert time.process_time() - started < 2


@pytest.mark.parametrize("offset", range(0, 2400, 83))
def test_secrets_of_a_very_long_line_are_found_wherever_they_stand(offset: int) -> None:
    token, value = web_token() + made_up(600), made_up(24)
    text = "a b " * 300 + " " * offset + f'{token} "password": "{value}", ' + "c d " * 900

    found = redact(text)

    assert (found.count, len(found.text) < len(text) - 600) == (2, True)
    assert value not in found.text
    assert token[-30:] not in found.text


def test_nothing_is_verified_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    text = "\n".join(token for _, token in TOKENS)

    assert redact(text).count == len(TOKENS)


def test_ordinary_text_does_not_load_the_detectors() -> None:
    program = (
        "import sys; from verdigris.scrape.secrets import redact; redact('plain text\\n' * 9);"
        "sys.exit('detect_secrets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
