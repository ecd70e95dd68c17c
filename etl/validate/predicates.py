"""What a check asks of a value, as a vectorised test of an Arrow array.

A predicate gives one boolean per value: false where the value breaks the rule; what it gives for a null counts as met,
unless the rule is about nulls (`Required`, `NoneOf(null=True)`): those give no nulls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.model import (
    Bound,
    Count,
    DistinctItems,
    FolderName,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Required,
    Test,
)
from etl.validate.bounds import within
from etl.validate.multiples import multiple_of
from etl.validate.texts import json_texts

_MOST_BYTES = 2**31 - 1  # of a text in Arrow
Predicate = Callable[[pa.Array], pa.Array]
_ESCAPED = r"[^A-Za-z0-9_.~\-\x{80}-\x{10FFFF}]"  # as `%2F` in the lake's folders; a test holds it to them


def predicate(test: Test, kind: pa.DataType) -> Predicate:
    """The test of an array of this type."""
    match test:
        case Required():
            return lambda array: array.is_valid()
        case Bound():
            return within(test, kind)
        case MultipleOf():
            return _unless_null(multiple_of(test.step, kind))
        case Count():
            return _count(test)
        case Pattern():
            return lambda array: pc.match_substring_regex(array, test.regex)
        case OneOf():
            return _unless_null(_member(test.values, kind))
        case NoneOf():
            return _none_of(test, kind)
        case DistinctItems():
            return _unless_null(_distinct)
        case FolderName():
            return _folder_name(test)
        case _:
            assert_never(test)


def _unless_null(test: Predicate) -> Predicate:
    return lambda array: pc.or_(test(array), array.is_null())


def _count(test: Count) -> Predicate:
    compare = pc.greater_equal if test.op == ">=" else pc.less_equal
    limit = pa.scalar(test.limit, pa.int64())

    def met(array: pa.Array) -> pa.Array:
        if pa.types.is_string(array.type):
            roughly = _roughly(test, array)
            if pc.all(roughly, min_count=0).as_py():
                return roughly
        return compare(_size(array), limit)

    return met


def _roughly(test: Count, array: pa.Array) -> pa.Array:
    """Whether a text surely keeps a limit, by its bytes, which need no decoding: each character has one to four."""
    size = pc.binary_length(array)
    if test.op == "<=":
        return pc.less_equal(size, min(test.limit, _MOST_BYTES))
    return pc.greater_equal(size, min(test.limit * 4 - 3, _MOST_BYTES))


def _size(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return pc.utf8_length(array)
    if pa.types.is_list(array.type):
        return pc.list_value_length(array)
    fields = (pc.struct_field(array, index).is_valid().cast(pa.int64()) for index in range(array.type.num_fields))
    return pc.if_else(array.is_valid(), reduce(pc.add, fields, pa.scalar(0)), None)


def _none_of(test: NoneOf, kind: pa.DataType) -> Predicate:
    member = _member(test.values, kind)
    if test.null:
        return lambda array: pc.and_not(array.is_valid(), member(array))
    return _unless_null(lambda array: pc.invert(member(array)))


def _member(values: tuple[object, ...], kind: pa.DataType) -> Predicate:
    """Whether a value is one of these; never null."""
    known = _comparable(pa.array(values, kind))
    return lambda array: pc.is_in(_comparable(array), value_set=known)


def _distinct(array: pa.Array) -> pa.Array:
    """Whether no two items of a list are equal (two nulls are)."""
    items = _comparable(pc.list_flatten(array)).dictionary_encode(null_encoding="encode")
    lists = pc.list_parent_indices(array).to_numpy()
    pairs = lists * max(len(items.dictionary), 1) + items.indices.to_numpy()
    _, first = np.unique(pairs, return_index=True)
    again = np.ones(len(pairs), dtype=bool)
    again[first] = False
    met = np.ones(len(array), dtype=bool)
    met[lists[again]] = False
    return pa.array(met)


def _folder_name(test: FolderName) -> Predicate:
    most = test.most - len(f"{test.column}=")

    def met(array: pa.Array) -> pa.Array:
        escapes = pc.multiply(pc.count_substring_regex(array, _ESCAPED), 2)
        return pc.less_equal(pc.add(pc.binary_length(array), escapes), most)

    return met


def _comparable(array: pa.Array) -> pa.Array:
    """The same values, as Arrow's hash kernels take them: one zero, and lists and objects by their JSON text."""
    if pa.types.is_floating(array.type):
        return pc.add(array, 0.0)
    if pa.types.is_nested(array.type):
        return pa.array(json_texts(array), pa.string())
    return array
