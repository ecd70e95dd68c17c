"""Every example of a bad upload gives its report and its rejected records again, byte for byte."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from etl.quarantine import original
from etl.read import read
from etl.records import Block
from tests.examples import EXAMPLES, WRITTEN, contract_of, quarantined, run, upload_of

by_name = pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)


def schema(name: str) -> Draft202012Validator:
    document = json.loads(files("etl").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, format_checker=FormatChecker())


@cache
def written(folder: Path) -> dict[str, bytes]:
    return dict(quarantined(run(folder).objects))


@by_name
@pytest.mark.parametrize("name", WRITTEN)
def test_is_written_as_it_stands_there(folder: Path, name: str) -> None:
    assert written(folder)[name] == (folder / name).read_bytes()


@by_name
def test_report_follows_its_schema(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    schema("report").validate(report)
    records = report["records"]
    assert records["read"] == records["published"] + records["quarantined"] + records["split"]
    assert report["status"] == _status_of_the_table(folder.name)


@by_name
def test_rejected_records_follow_their_schema_and_lead_back(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    lines = (folder / "rejected.ndjson").read_bytes().splitlines()
    texts = _texts(folder)
    for line in lines:
        envelope = json.loads(line)
        schema("rejected").validate(envelope)
        assert original(line) == (texts[envelope["record"] - 1] if texts else upload_of(folder).read_bytes())
    if report["status"] == "partial":
        assert len(lines) == report["records"]["quarantined"] + report["records"]["split"]


@by_name
def test_a_rejected_upload_is_kept_whole(folder: Path) -> None:
    kept = written(folder).get("upload")
    assert kept == (upload_of(folder).read_bytes() if _status_of_the_table(folder.name) == "rejected" else None)


@by_name
def test_no_personal_value_in_the_report(folder: Path) -> None:
    """Columns with a classification other than public are masked; payloads stay in rejected.ndjson."""
    report = (folder / "report.json").read_text(encoding="utf-8")
    upload = upload_of(folder).read_text(encoding="utf-8", errors="replace")
    for name in ("name", "email", "address"):
        for value in _customers(upload, name):
            assert value not in report


@by_name
def test_the_readme_names_the_rules_that_broke(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    row = _row(folder.name)
    assert {rule["rule"] for rule in report["rules"]} == set(row[2].replace("`", "").split(", "))


def _texts(folder: Path) -> list[bytes]:
    blocks = list(read(upload_of(folder), records=contract_of(folder).policies.records))
    return [block.text(at) for block in blocks if isinstance(block, Block) for at in range(len(block))]


def _customers(upload: str, name: str) -> set[str]:
    marker = f'"{name}": "'
    customers = [part.split("}")[0] for part in upload.split('"customer":')[1:]]
    return {part.split('"')[0] for customer in customers for part in customer.split(marker)[1:]} - {""}


def _row(name: str) -> list[str]:
    table = Path(EXAMPLES[0].parent, "README.md").read_text(encoding="utf-8")
    line = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def _status_of_the_table(name: str) -> str:
    return _row(name)[3].replace("`", "").strip("| ")
