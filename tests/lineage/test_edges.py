"""Who runs things tells of them: the command, its replays, the pages of the review, and the function."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from etl.web import actions
from tests import examples
from tests.examples import EXAMPLES, OUTPUTS
from tests.handler.test_handler import SAMPLE, Context
from tests.lineage.conftest import Server
from tests.lineage.runs import ROOT, lines, order
from tests.lineage.specification import faults
from tests.web.desks import desk

CONTRACT = str(ROOT / "contracts" / "orders.odcs.yaml")


def etl(*arguments: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from etl.cli import main\nmain()", *arguments]
    environ = {**os.environ, "OPENLINEAGE_URL": url, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, text=True, capture_output=True, cwd=folder, env=environ, check=False)


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    return ["--lake", f"{tmp_path}/lake/", "--quarantine", f"{tmp_path}/quarantine/"]


def test_the_command_tells_of_runs_and_replays(server: Server, tmp_path: Path, places: list[str]) -> None:
    (tmp_path / "in.ndjson").write_bytes(lines(*map(order, range(1, 9)), order(9, total_amount=-1)))
    done = etl("run", "in.ndjson", "--contract", CONTRACT, *places, url=server.url, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = Path(CONTRACT).read_text(encoding="utf-8").replace("version: 1.0.0", "version: 1.1.0")
    lax = re.sub(
        r"( logicalTypeOptions:\n +minimum: )0\n( +required: true\n +classification: public\n\n +- name: customer_id)",
        r"\g<1>-9\n\2",
        text,
    ).replace("total_amount >= price", "total_amount >= -9")
    (tmp_path / "lax.odcs.yaml").write_text(lax, encoding="utf-8")
    replay = ["quarantine", "replay", "all", "--contract", "lax.odcs.yaml", *places]
    assert etl(*replay, "--dry-run", url=server.url, folder=tmp_path).returncode == 0
    assert server.states == ["START", "COMPLETE"]
    done = etl(*replay, url=server.url, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.states == ["START", "COMPLETE"] * 2
    assert [fault for event in server.events for fault in faults(event)] == []
    event = server.events[3]
    assert event["job"]["name"] == "etl.orders.replay"
    assert event["inputs"][0]["name"] == f"{tmp_path}/quarantine/orders"
    [output] = event["outputs"]
    assert output["name"] == f"{tmp_path}/lake/orders"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 1


def test_the_command_warns_and_is_done(server: Server, tmp_path: Path, places: list[str]) -> None:
    server.statuses = [401]
    (tmp_path / "in.ndjson").write_bytes(lines(order(1)))
    done = etl("run", "in.ndjson", "--contract", CONTRACT, *places, url=server.url, folder=tmp_path)
    assert done.returncode == 0
    [warning] = done.stderr.splitlines()
    assert warning.startswith("etl: in.ndjson: OpenLineage could not be told of this run")
    assert list((tmp_path / "lake" / "orders").rglob("*.parquet"))


def test_a_check_tells_nothing(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_bytes(lines(order(1)))
    assert etl("check", "in.ndjson", "--contract", CONTRACT, url=server.url, folder=tmp_path).returncode == 0
    assert server.asked == []


@pytest.mark.parametrize(("status", "warned"), [(201, []), (401, ["lineage not told"])])
def test_the_function_tells_of_its_runs(
    status: int, warned: list[str], server: Server, s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import handler

    server.statuses = [status]
    monkeypatch.setenv("ORDERS_BUCKET", "orders")
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    monkeypatch.setattr(handler.logger.handlers[0], "stream", sys.stdout)
    s3.put_object(Bucket="orders", Key="orders_json_incoming/a.json", Body=SAMPLE)
    handler._storage.cache_clear()
    handler._lineage.cache_clear()
    detail = {"bucket": {"name": "orders"}, "object": {"key": "orders_json_incoming/a.json"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    try:
        assert handler.handler(event, Context())["uploads"][0]["status"] == "published"
    finally:
        handler._storage.cache_clear()
        handler._lineage.cache_clear()
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in logged if line.get("level") == "WARNING"] == warned
    assert server.states == (["START", "COMPLETE"] if status == 201 else [])
    assert [fault for each in server.events for fault in faults(each)] == []


@pytest.mark.parametrize(("dry", "states"), [(False, ["START", "COMPLETE"]), (True, [])])
def test_the_review_tells_of_its_replays(
    dry: bool, states: list[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    [folder] = [each for each in EXAMPLES if each.name == "negative-price"]
    storage = examples.run(folder)
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    at = desk(storage)
    [report] = [at for at in storage.objects if at.startswith(OUTPUTS.quarantine) and at.endswith("report.json")]
    [outcome] = actions.try_out(at, [at.key(report.removesuffix("report.json"))], None, dry=dry)
    assert outcome.fault == ""
    assert server.states == states
    assert {event["job"]["name"] for event in server.events} <= {"etl.orders.replay"}
    assert [fault for each in server.events for fault in faults(each)] == []
