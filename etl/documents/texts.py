"""Texts that match a pattern, and texts as orders hold them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from random import Random
from uuid import UUID

from etl.contract.formats import STRING_FORMATS
from etl.documents.regexes import LAST, Chars, Choice, Edge, Ranges, Regex, Repeat, Sequence, ranges

_NICE = ranges(((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)))
_PRINTED = ((0x20, 0x7E),)
_ANY_TEXT = ((0, 0xD7FF), (0xE000, LAST))
# fmt: off
_WORDS = (
    "amber", "anchor", "blue", "cedar", "Ceará", "copper", "cotton", "desk", "Düne", "ember", "field", "grey",
    "harbour", "inverno", "jade", "kite", "lamp", "linen", "maple", "north", "oak", "olive", "paper", "piñon",
    "quartz", "river", "São", "silver", "stone", "table", "tea", "violet", "wool", "zinc",
)
# fmt: on


def matching(regex: Regex, random: Random, spare: int) -> str:
    """A text that the tree describes, as a whole; edges are not looked at. A repetition goes up to `spare` times
    beyond its least, one inside of it half as often."""
    match regex:
        case Chars(found):
            return _char(found, random)
        case Edge():
            return ""
        case Sequence(parts):
            return "".join(matching(part, random, spare) for part in parts)
        case Choice(parts):
            return matching(random.choice(parts), random, spare)
        case Repeat(part, least, most):
            top = least + spare if most is None else min(most, least + spare)
            return "".join(matching(part, random, spare // 2) for _ in range(random.randint(least, top)))


def _char(found: Ranges, random: Random) -> str:
    """A letter or digit where there is one, else what can be printed, else anything."""
    low, high = random.choice(_preferred(found))
    return chr(random.randint(low, high))


@lru_cache(maxsize=4096)
def _preferred(found: Ranges) -> Ranges:
    for wished in (_NICE, _PRINTED, _ANY_TEXT):
        pairs = ((max(low, first), min(high, last)) for low, high in found for first, last in wished)
        if some := tuple((low, high) for low, high in pairs if low <= high):
            return some
    return ((0x20, 0x20),)  # nothing that a text may hold matches; the engine will say so


def words(random: Random) -> str:
    """One to three words; now and then with what texts may hold as well."""
    text = " ".join(random.choice(_WORDS) for _ in range(random.randint(1, 3)))
    return f"{text} {random.choice(('№ 7', '“best”', '+ 1/2', 'ﬁn 😀'))}" if random.random() < 0.05 else text


def numbered(random: Random) -> str:
    """A word and a number: there are enough of them to keep a million records apart."""
    return f"{random.choice(_WORDS)}-{random.randrange(10**9)}"


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _name(random: Random) -> str:
    word = random.choice(_WORDS)
    return word if word.isascii() else "north"


def _host(random: Random) -> str:
    return f"{_name(random)}.example.{random.choice(('com', 'net', 'org'))}"


_USUAL: Mapping[str, Callable[[Random], str]] = {
    "email": lambda random: f"{_name(random)}.{_name(random)}{random.randrange(1000)}@{_host(random)}",
    "uuid": _uuid,
    "uri": lambda random: f"https://{_host(random)}/{_name(random)}/{random.randrange(10**6)}",
    "hostname": _host,
    "ipv4": lambda random: f"192.0.2.{random.randrange(256)}",
    "ipv6": lambda random: str(IPv6Address((0x20010DB8 << 96) + random.getrandbits(16))),
    "byte": lambda random: b64encode(random.randbytes(random.randint(1, 24))).decode(),
}
_BY_PATTERN = {STRING_FORMATS[name].pattern: make for name, make in _USUAL.items()}


def usual(pattern: str) -> Callable[[Random], str] | None:
    """What makes usual texts of a string format, by its pattern."""
    return _BY_PATTERN.get(pattern)


def lengthened(text: str, length: int, random: Random) -> str:
    """The text with words after it, up to so many characters."""
    while len(text) < length:
        text = f"{text} {random.choice(_WORDS)}"
    return text[:length].rstrip() + "x" * (length - len(text[:length].rstrip()))
