"""Keys of any scalar types as 128-bit hashes: two 64-bit lanes, each fed with the key's 64-bit words in turn.

The lanes run the same mixer (SplitMix64's finaliser, a bijection: a key of one word never collides) from different
seeds. The chance that any two of a billion different keys share a hash is about 2^-69.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SEEDS = np.array([[0x243F6A8885A308D3], [0x13198A2E03707344]], dtype=np.uint64)  # digits of pi
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_LONG = 256  # bytes; a longer text goes in by its digest, so that one giant does not slow down a block
_EVERY = slice(None)
Words = tuple[slice | np.ndarray, np.ndarray]
"""A word for every row, or for the rows named."""


def fingerprints(columns: Sequence[pa.Array]) -> np.ndarray:
    """uint64 [2, rows]: the hash of each row of these columns, none of which holds nulls. Equal rows, equal hashes."""
    lanes = np.repeat(_SEEDS, len(columns[0]), axis=1)
    for column in columns:
        for rows, words in _words(column):
            lanes[:, rows] = _mixed(lanes[:, rows] ^ words)
    return lanes


def _mixed(lanes: np.ndarray) -> np.ndarray:
    lanes = lanes + _STEP
    lanes = (lanes ^ (lanes >> _SHIFTS[0])) * _MIX[0]
    lanes = (lanes ^ (lanes >> _SHIFTS[1])) * _MIX[1]
    return np.asarray(lanes ^ (lanes >> _SHIFTS[2]))


def _words(column: pa.Array) -> Iterator[Words]:
    kind = column.type
    if pa.types.is_string(kind):
        yield from _text_words(column)
    elif pa.types.is_decimal(kind):
        yield from ((_EVERY, words) for words in _decimal_words(column))
    elif pa.types.is_floating(kind):
        yield _EVERY, pc.add(column, 0.0).to_numpy().view(np.uint64)  # one zero
    elif pa.types.is_uint64(kind):
        yield _EVERY, column.to_numpy()
    else:
        yield _EVERY, _integers(column).to_numpy().view(np.uint64)


def _integers(column: pa.Array) -> pa.Array:
    """Integers, booleans, dates, times and timestamps: as they are stored."""
    if pa.types.is_temporal(column.type):
        column = column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())
    return column.cast(pa.int64())


def _decimal_words(column: pa.Array) -> np.ndarray:
    """uint64 [2, rows]: the halves of each decimal128."""
    values = np.frombuffer(column.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    return values[column.offset : column.offset + len(column)].T


def _text_words(column: pa.Array) -> Iterator[Words]:
    """The length in bytes, then eight bytes at a time; rows drop out as their text ends."""
    column = _shortened(column)
    ends = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)[ends[0] : ends[-1]]
    eights = _eights(data)
    starts, lengths = ends[:-1] - ends[0], np.diff(ends)
    yield _EVERY, lengths.astype(np.uint64)
    rows, done = np.flatnonzero(lengths), 0
    while len(rows):
        words = eights[starts[rows] + done]
        over = np.clip(done + 8 - lengths[rows], 0, 7).astype(np.uint64) * np.uint64(8)
        yield rows, words & (np.uint64(2**64 - 1) >> over)
        done += 8
        rows = rows[lengths[rows] > done]


def _eights(data: np.ndarray) -> np.ndarray:
    """The eight bytes from every byte on, as numbers; zeros after the end."""
    padded = np.concatenate((data, np.zeros(8, dtype=np.uint8)))
    return np.ndarray(len(data) + 1, dtype="<u8", buffer=padded, strides=(1,))


def _shortened(column: pa.Array) -> pa.Array:
    """Longer texts by their digest, blown up to a length that no short text has."""
    long = pc.greater(pc.binary_length(column), _LONG)
    if not pc.any(long, min_count=0).as_py():
        return column
    digests = [blake2b(text.encode()).hexdigest().ljust(_LONG + 1) for text in column.filter(long).to_pylist()]
    return pc.replace_with_mask(column, long, pa.array(digests, column.type))
