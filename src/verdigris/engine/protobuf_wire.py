"""Reads the wire format of protocol buffers, and writes fields: what a model file needs, no more.

Specification: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class MalformedMessage(ValueError):
    """The bytes are not a message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, and what it holds."""

    number: int
    value: int
    """Of a varint or fixed-width field; 0 for bytes."""
    data: memoryview
    """Of a length-delimited field (text, bytes, message, packed numbers); else empty."""

    def text(self) -> str:
        """The bytes as UTF-8."""
        return bytes(self.data).decode("utf-8", "replace")

    def integers(self) -> list[int]:
        """A number, or packed numbers."""
        return _packed(self.data) if self.data else [self.value]


def fields(message: memoryview) -> Iterator[Field]:
    """Every field of a message, in order; nothing is copied. Raises MalformedMessage."""
    empty = memoryview(b"")
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield Field(number, value, empty)
        elif kind == _BYTES:
            length, position = _varint(message, position)
            yield Field(number, 0, _slice(message, position, length))
            position += length
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
            value = int.from_bytes(_slice(message, position, length), "little")
            yield Field(number, value, empty)
            position += length
        else:
            raise MalformedMessage(f"field {number} has the unknown wire type {kind}")


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the position after it."""
    value = 0
    for count, byte in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise MalformedMessage(f"a number at byte {position} does not end")


def _slice(message: memoryview, position: int, length: int) -> memoryview:
    if position + length > len(message):
        raise MalformedMessage(f"a field at byte {position} is longer than the message")
    return message[position : position + length]


def _packed(data: memoryview) -> list[int]:
    numbers: list[int] = []
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        numbers.append(value)
    return numbers


def bytes_field(number: int, data: bytes | memoryview | str) -> bytes:
    """One length-delimited field: a text, bytes, or a message."""
    content = data.encode() if isinstance(data, str) else bytes(data)
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """One field with a number of zero or more."""
    return _as_varint(number << 3 | _VARINT) + _as_varint(value)


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
