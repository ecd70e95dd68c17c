"""The string formats of ODCS `logicalTypeOptions.format`: what each asks of a text, and whose definition that is.

Patterns are RE2, anchored. Where a standard allows more than data ever should hold, `source` says what is left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StringFormat:
    """`expected` completes "... is expected"; without a pattern the format documents and checks nothing."""

    name: str
    expected: str
    pattern: str | None
    source: str


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H = r"[0-9A-Fa-f]{1,4}"
_LS = rf"(?:{_H}:{_H}|{_IPV4})"
_URI = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|\[[0-9A-Fa-fvV:.]+\]|%[0-9A-Fa-f]{2})*"
_IPV6 = "|".join(  # RFC 3986's nine alternatives, in its order
    [
        rf"(?:{_H}:){{6}}{_LS}",
        rf"::(?:{_H}:){{5}}{_LS}",
        rf"(?:{_H})?::(?:{_H}:){{4}}{_LS}",
        *(rf"(?:(?:{_H}:){{0,{n}}}{_H})?::(?:{_H}:){{{4 - n}}}{_LS}" for n in (1, 2, 3)),
        rf"(?:(?:{_H}:){{0,4}}{_H})?::{_LS}",
        rf"(?:(?:{_H}:){{0,5}}{_H})?::{_H}",
        rf"(?:(?:{_H}:){{0,6}}{_H})?::",
    ]
)


def _format(name: str, expected: str, pattern: str | None, source: str) -> StringFormat:
    return StringFormat(name, expected, None if pattern is None else f"^(?:{pattern})$", source)


_ALL = (
    _format(
        "email",
        "an e-mail address",
        rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+",
        "RFC 5321, 4.1.2 and 2.3.5: a dot-string at a full domain name; no quoted part, no address literal",
    ),
    _format(
        "uuid",
        "a UUID",
        r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        "RFC 9562, 4: either case, any version",
    ),
    _format(
        "uri",
        "a URI with its scheme",
        rf"[A-Za-z][A-Za-z0-9+.-]*:{_URI}(?:#{_URI})?",
        "RFC 3986, 3: the characters of a URI; its parts are not resolved",
    ),
    _format("hostname", "a host name", rf"{_LABEL}(?:\.{_LABEL})*", "RFC 1123, 2.1: labels of up to 63 characters"),
    _format("ipv4", "an IPv4 address", _IPV4, "RFC 2673, 3.2: dotted quad, no leading zeros"),
    _format("ipv6", "an IPv6 address", _IPV6, "RFC 4291, 2.2, in the grammar of RFC 3986, 3.2.2; no zone"),
    _format(
        "byte",
        "base64",
        r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        "RFC 4648, 4: padded, without line breaks",
    ),
    _format("binary", "any text", None, "OpenAPI 3.0: any octets; nothing to check"),
    _format("password", "any text", None, "OpenAPI 3.0: a hint to user interfaces; nothing to check"),
)

STRING_FORMATS = {format.name: format for format in _ALL}
