"""Whether Arrow's reader of decimals takes what is written: told by the bytes, and by how many texts it has read.

It is lax with decimals as with no other type: it takes texts for numbers (`"007"` for 7), and numbers with exponents
may wrap round (`1e30`) or end the process (`1e-4000000`). Nothing is decoded here. Every such case is found, and a few
that are none, for which the longer way is taken in vain. A `text` is JSON as an array of its bytes (uint8).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_WINDOW = 64 << 10  # bytes that are looked at together, so that they stay in the processor's cache
_QUOTE, _COLON, _BLANK, _BACKSLASH, _PLUS, _MINUS, _POINT, _ZERO, _E = map(ord, '": \\+-.0e')
_SMALL = 0x20  # this bit makes a letter small
_BEFORE_NUMBER = np.isin(np.arange(256), list(b" :,[\t\r\n"))
_BEFORE_TEXT = np.isin(np.arange(256), list(b" :,[{\t\r\n"))  # and before a key
_LONGEST = 64  # characters; a number of more is taken to have an exponent


def has_exponents(text: np.ndarray) -> bool:
    """Whether some number has an exponent."""
    for start, window in _windows(text, 2):
        before, letter, after = window[:-2], window[1:-1], window[2:]
        found = ((letter | _SMALL) == _E) & _is_digit(before)
        if found.any():
            found &= _is_digit(after) | (after == _PLUS) | (after == _MINUS)
            if _end_numbers(text, start + np.flatnonzero(found)):
                return True
    return False


def _end_numbers(text: np.ndarray, digits: np.ndarray) -> bool:
    """Whether any of these digits (positions) ends a number, not a part of some text such as `"4f9e2"`."""
    at = digits
    for _ in range(_LONGEST):
        inside = _is_digit(text[at]) | (text[at] == _POINT)
        at = at - inside
        if not inside.any():
            at = at - (text[at] == _MINUS)
            return bool(_BEFORE_NUMBER[text[at]].any())
    return True


def has_texts_only(text: np.ndarray, texts: int) -> bool:
    """Whether no more than so many of its values are texts: then it has as many quotes as these and the keys need.

    Keys are counted by the colon that follows their last quote, and never too many: within a text a quote is escaped,
    and one that opens a text beginning with a colon is told by what stands before it. `text` begins with a brace. False
    too where a text ends with a backslash, which would pass for the escape of its quote.
    """
    quotes = keys = 0
    for _, window in _windows(text, 2):
        quote = window[1:-1] == _QUOTE
        escapes = window[:-2] == _BACKSLASH
        if escapes.any():
            if (escapes & (window[1:-1] == _BACKSLASH) & (window[2:] == _QUOTE)).any():
                return False
            quote &= ~escapes
        quotes += int(np.count_nonzero(quote))
        keys += _count_ends(window[:-2][quote & (window[2:] == _COLON)])
    return quotes == 2 * (keys + texts) or quotes == 2 * (keys + _spaced_keys(text) + texts)


def _spaced_keys(text: np.ndarray) -> int:
    """How many keys have a blank before their colon."""
    count = 0
    for _, window in _windows(text, 3):
        found = (window[1:-2] == _QUOTE) & (window[2:-1] == _BLANK) & (window[3:] == _COLON)
        count += _count_ends(window[:-3][found])
    return count


def _count_ends(before: np.ndarray) -> int:
    """How many of the quotes that follow these characters surely end something."""
    return int(np.count_nonzero(~_BEFORE_TEXT[before] & (before != _BACKSLASH)))


def _is_digit(text: np.ndarray) -> np.ndarray:
    return np.asarray((text - np.uint8(_ZERO)) < 10)


def _windows(text: np.ndarray, more: int) -> Iterator[tuple[int, np.ndarray]]:
    """Parts and where they begin, each with the `more` characters that follow it, which are zeros at the end."""
    for at in range(0, len(text), _WINDOW):
        window = text[at : at + _WINDOW + more]
        missing = min(len(text) - at, _WINDOW) + more - len(window)
        yield at, np.append(window, np.zeros(missing, np.uint8)) if missing else window
