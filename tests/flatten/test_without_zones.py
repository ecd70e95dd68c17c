"""Where the system has no time zones for Arrow, which looks for them in /usr/share/zoneinfo only (slim images)."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from etl.flatten import columns, reader
from etl.validate.texts import json_texts
from tests.flatten.test_two_paths import TYPES, column, compare, contract, table

NOWHERE = "Nowhere/Nowhere"  # what every zone is to Arrow then
TEXTS = [b'{"v": "2024-01-10T01:11:12Z"}', b'{"v": null}', b"{}", b'{"v": "2040-07-01T01:00:00Z"}', b'{"v": "x"}'] * 2


def test_it_is_noticed() -> None:
    assert columns.finds_zone("America/Sao_Paulo") is Path("/usr/share/zoneinfo/America/Sao_Paulo").exists()
    assert not columns.finds_zone(NOWHERE)


@pytest.mark.parametrize("logic", ["date($.v)", "date($.v, 'America/Sao_Paulo')"])
def test_days_are_told_record_by_record(logic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "finds_zone", lambda timezone: False)
    compare(contract(table("t", column("v", TYPES["date"], logic))), TEXTS)


@pytest.mark.parametrize("kind", ["local", "new_york"])
def test_local_times_are_told_text_by_text(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        columns, "_assume", lambda texts, type_: pc.local_timestamp(pa.scalar(0, pa.timestamp("s", NOWHERE)))
    )
    texts = [b'{"v": "2024-01-10T10:11:12"}', b'{"v": "2024-11-03T01:30:00"}'] * 2
    compare(contract(table("t", column("v", TYPES[kind]))), texts)


def test_instants_are_shown_without_asking_for_their_zone() -> None:
    assert json_texts(pa.array([0, None], pa.timestamp("s", NOWHERE))) == ['"1970-01-01T00:00:00Z"', None]
