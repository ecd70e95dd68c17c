"""`etl review`: what it prints, what it refuses, and S3 in place of a disk."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from etl import pipeline
from etl.cli.app import app
from etl.cli.review import _watched
from etl.errors import ContractError
from etl.lineage import Lineage
from etl.pipeline import Outputs
from etl.storage import AnyStorage
from etl.web.desk import Desk
from etl.web.serving import listening
from tests.examples import upload_of
from tests.web.desks import NOW, ORDERS, ROOT, Person, text_of

PLACES = ["--lake", "lake", "--quarantine", "quarantine"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembering: None) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORDERS_BUCKET", raising=False)
    for name in ("q", "quarantine"):
        (tmp_path / name).mkdir()


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["review", *PLACES, "--port", str(port)])
    assert done.exit_code == 2
    assert f"port {port} can't be had" in done.output
    assert "--port, or 0 for any that is free" in done.output


def test_it_listens_on_this_machine_alone() -> None:
    with closing(listening(0)) as found:
        assert found.getsockname()[0] == "127.0.0.1"


REFUSED = {
    "no contracts": (["review"], "give --quarantine"),
    "no lake": (["review", "--quarantine", "q"], "give --lake"),
    "an empty place": (["review", "--lake", " ", "--quarantine", "q"], "found nothing"),
    "a port beyond": (["review", *PLACES, "--port", "70000"], "65535"),
    "no such contract": (["review", "--contract", "none.odcs.yaml"], "none.odcs.yaml"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_it_refuses(case: tuple[list[str], str]) -> None:
    arguments, said = case
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_contracts_are_read_anew_when_they_change(tmp_path: Path) -> None:
    path = tmp_path / "orders.odcs.yaml"
    text = (ROOT / "contracts" / "orders.odcs.yaml").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    known = _watched(path)
    assert known()[0] is known()[0]
    path.write_text(text.replace("version: 1.0.0", "version: 1.1.0-rc"), encoding="utf-8")
    assert known()[0].version == "1.1.0-rc"
    path.write_text("no contract", encoding="utf-8")
    with pytest.raises(ContractError):
        known()
    path.write_text(text, encoding="utf-8")
    assert known()[0].version == "1.0.0"


def test_s3_in_place_of_a_disk(s3: Any) -> None:
    upload = upload_of(ROOT / "quarantine_examples" / "wrong-type")
    s3.upload_file(str(upload), "orders", "in/wrong-type.json")
    outputs, storage = Outputs("s3://orders/lake/", "s3://orders/quarantine/"), AnyStorage()
    pipeline.run("s3://orders/in/wrong-type.json", ORDERS, storage, outputs)
    person = Person(
        Desk(
            storage, (outputs.quarantine,), (outputs.lake,), lambda: (ORDERS,), "ana", lambda: NOW, Lineage(pytest.fail)
        )
    )
    address = re.findall(r'<a class="main" href="([^"]*)"', person.read("/"))[0]
    assert "2 of 11 records are in quarantine." in text_of(person.read(address))
    page = person.press(f"{address}/records/2/reveal").text
    assert "Conceição" in page
    text = re.search(r"<textarea[^>]*>\n([^<]*)</textarea>", page)
    assert text
    corrected = text[1].replace("&#34;", '"').replace('"one"', "1")
    assert "is published as corrected" in person.press(f"{address}/records/2/correct", {"document": corrected}).text
    key = address.removeprefix("/uploads/")
    assert "1 upload dismissed" in text_of(person.press("/dismiss", {"upload": key, "why": "the rest is a test"}).text)
