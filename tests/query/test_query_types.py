"""One type for what contract versions have typed differently: nothing of it is lost."""

import pyarrow as pa
import pytest

from etl.query.types import common

UTC_MS, UTC_NS = pa.timestamp("ms", "UTC"), pa.timestamp("ns", "UTC")


def struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([pa.int32()], pa.int32()),
        ([pa.int32(), pa.int32()], pa.int32()),
        ([pa.int64(), pa.int8(), pa.int32()], pa.int64()),
        ([pa.uint8(), pa.uint64()], pa.uint64()),
        ([pa.uint8(), pa.int8()], pa.int16()),
        ([pa.uint32(), pa.int8()], pa.int64()),
        ([pa.int64(), pa.uint64()], pa.decimal128(20, 0)),
        ([pa.decimal128(12, 2), pa.decimal128(10, 4)], pa.decimal128(14, 4)),
        ([pa.decimal128(12, 2), pa.int64()], pa.decimal128(21, 2)),
        ([pa.decimal128(38, 0), pa.decimal128(38, 2)], pa.string()),  # 40 digits
        ([pa.int64(), pa.float64()], pa.string()),  # 2^53 + 1 is no double
        ([pa.decimal128(12, 2), pa.float64()], pa.string()),  # nor is a tenth
        ([UTC_MS, UTC_NS], UTC_NS),
        ([pa.date32(), UTC_MS], pa.string()),
        ([pa.string(), pa.int64()], pa.string()),
        ([pa.int64(), pa.string(), pa.bool_()], pa.string()),
        ([pa.list_(pa.int32()), pa.list_(pa.int64())], pa.list_(pa.int64())),
        ([pa.list_(pa.int32()), pa.list_(pa.string())], pa.list_(pa.string())),
        ([pa.list_(pa.int32()), pa.int32()], None),
        ([pa.string(), struct(a=pa.int32())], None),
        ([struct(a=pa.int32()), struct(b=pa.string(), a=pa.int64())], struct(a=pa.int64(), b=pa.string())),
        ([struct(a=pa.list_(pa.int32())), struct(a=pa.int32())], None),
    ],
)
def test_the_common_type(found, expected):
    assert common(found) == expected
    if len(found) < 3 and expected is not None:  # fields of structs stand in the order of the first
        assert str(common(found[::-1])).count(",") == str(expected).count(",")
