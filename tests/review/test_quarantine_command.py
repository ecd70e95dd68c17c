"""`etl quarantine ...`: what it prints, what it writes, its exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from etl.cli.app import app
from etl.records import digest
from tests.review.quarantines import EXAMPLES, MORNING, ROOT

LOOSE = ("          minimum: 0\n        required", "          minimum: -500\n        required")
Q = ("--quarantine", "quarantine")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, with a contract."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LOGNAME", "ana")
    shutil.copy(ROOT / "contracts" / "orders.odcs.yaml", tmp_path)
    return tmp_path


def etl(*arguments: object) -> Result:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def ran(name: str, minutes: int = 0, contract: str = "orders.odcs.yaml") -> str:
    """Run an example's upload, which arrived so many minutes after the morning; gives its location."""
    path = Path("in", f"{name}.json")
    path.parent.mkdir(exist_ok=True)
    shutil.copy(EXAMPLES / name / "upload.json", path)
    at = MORNING.timestamp() + 60 * minutes
    os.utime(path, (at, at))
    done = etl("run", path, "--contract", contract, "--lake", "lake", *Q)
    assert done.exit_code <= 1, done.stderr
    return str(path)


def documents(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def changed(path: Path, *edits: tuple[str, str]) -> Path:
    """The contract with these edits, as a draft."""
    text = (path / "orders.odcs.yaml").read_text(encoding="utf-8")
    for before, after in (("status: active", "status: draft"), *edits):
        assert before in text
        text = text.replace(before, after)
    (path / "changed.odcs.yaml").write_text(text, encoding="utf-8")
    return path / "changed.odcs.yaml"


def files(folder: str = "quarantine") -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def folder_of(upload: Path) -> Path:
    """The one folder of an upload."""
    (found,) = Path("quarantine").glob(f"*/*/{digest(str(upload).encode())}-*")
    return found


# list


def test_list_gives_the_newest_first(here):
    ran("wrong-type")
    ran("negative-price", 60 * 24)
    ran("bad-email", 1)
    done = etl("quarantine", "list", *Q)
    head, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert head == ["arrived", "contract", "upload", "verdict", "read", "quarantined", "state", "rule", "folder"]
    assert [row[:4] for row in rows] == [
        ["2024-01-11 08:00", "orders", "in/negative-price.json", "partial"],
        ["2024-01-10 08:01", "orders", "in/bad-email.json", "partial"],
        ["2024-01-10 08:00", "orders", "in/wrong-type.json", "partial"],
    ]
    assert rows[2][4:8] == ["11", "2", "open", "orders.quantity type and 1 more"]
    assert (Path(rows[2][8]) / "report.json").exists()
    assert (done.exit_code, done.stderr) == (0, "")


def test_list_in_json_speaks_as_run_reports_do(here):
    ran("wrong-type")
    (one,) = documents(etl("quarantine", "list", "--json", *Q))
    report = json.loads((Path(one["location"]) / "report.json").read_bytes())
    assert one["upload"] == {key: report["upload"][key] for key in ("id", "location", "contentId", "arrival")}
    assert one["records"] == {key: report["records"][key] for key in ("read", "published", "quarantined", "split")}
    assert one["contract"] == {key: report["contract"][key] for key in ("name", "version")}
    assert (one["status"], one["state"], one["day"]) == ("partial", "open", "2024-01-10")
    for rule, shown in zip(report["rules"], one["rules"], strict=True):
        assert shown.items() <= rule.items()


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["negative-price", "too-many-bad-orders", "wrong-type"]),
        (["--contract", "orders"], ["negative-price", "too-many-bad-orders", "wrong-type"]),
        (["--contract", "order"], []),
        (["--rule", "PRICE type"], ["too-many-bad-orders", "wrong-type"]),
        (["--rule", "minimum"], ["negative-price"]),
        (["--status", "rejected"], ["too-many-bad-orders"]),
        (["--state", "dismissed"], ["wrong-type"]),
        (["--state", "open", "--status", "partial"], ["negative-price"]),
        (["--day", "2024-01-10"], ["too-many-bad-orders", "wrong-type"]),
        (["--since", "2024-01-11"], ["negative-price"]),
        (["--until", "2024-01-10"], ["too-many-bad-orders", "wrong-type"]),
        (["--since", "2024-01-10", "--until", "2024-01-11"], ["negative-price", "too-many-bad-orders", "wrong-type"]),
        (["--limit", "1"], ["negative-price"]),
    ],
)
def test_list_chooses(here, options, names):
    ran("wrong-type")
    ran("too-many-bad-orders", 1)
    ran("negative-price", 60 * 24)
    etl("quarantine", "dismiss", "in/wrong-type.json", "--why", "test", *Q)
    done = etl("quarantine", "list", "--json", *options, *Q)
    assert [one["upload"]["location"] for one in documents(done)] == [str(here / "in" / f"{n}.json") for n in names]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--limit", "1"], "1 more; --limit shows more\n"),
        (["--limit", "1", "--rule", "price"], "1 more that were not looked into; --limit shows more\n"),
        (["--limit", "2"], ""),
        (["--contract", "none"], "nothing is in quarantine at quarantine/, as far as was asked\n"),
        (["--rule", "none"], "nothing is in quarantine at quarantine/, as far as was asked\n"),
    ],
)
def test_list_says_how_many_more_there_are(here, options, words):
    ran("wrong-type")
    ran("negative-price", 1)
    assert etl("quarantine", "list", *options, *Q).stderr == words


def test_on_a_terminal_it_is_a_table(here, monkeypatch):
    from rich.console import Console

    from etl.cli.quarantine import commands

    ran("wrong-type")
    for width, has_hour in ((80, False), (200, True)):
        console = Console(highlight=False, force_terminal=True, width=width, color_system=None)
        monkeypatch.setattr(commands, "_console", lambda console=console: console)
        with console.capture() as captured:
            etl("quarantine", "list", *Q)
        lines = captured.get().splitlines()
        assert all(len(line) <= width for line in lines)
        assert ("08:00" in captured.get()) == has_hour
        for words in ("2024-01-10", digest(str(here / "in/wrong-type.json").encode())[:8], "partial", "2 of 11"):
            assert words in captured.get()


def test_a_half_written_folder_and_an_edited_report_are_said_in_place(here):
    ran("wrong-type")
    ran("negative-price", 1)
    ran("bad-email", 2)
    first, second, _ = sorted(Path("quarantine").rglob("report.json"))
    first.unlink()
    second.write_text('{"version": "1.0", "rules": [[]]}')
    done = etl("quarantine", "list", *Q)
    assert done.exit_code == 0
    assert "there is no report.json: a run is at work here" in done.stdout
    assert "this is no run report; it was edited or cut off" in done.stdout
    assert len(done.stdout.splitlines()) == 4
    assert len([one for one in documents(etl("quarantine", "list", "--json", *Q)) if "fault" in one]) == 2
    shown = etl("quarantine", "show", second.parent, *Q)
    assert (shown.exit_code, "this is no run report" in shown.stderr) == (3, True)


# show


def test_show_says_it_in_words(here):
    ran("wrong-shape")
    done = etl("quarantine", "show", "in/wrong-shape.json", *Q)
    for words in (
        "in/wrong-shape.json  by contract orders 1.0.0",
        "11 read = 9 published + 2 quarantined",
        "orders.customer_id type",
        "state: open",
        "2 records to be replayed or corrected: 5, 10",
    ):
        assert words in done.stdout
    assert done.exit_code == 0


def test_show_lists_places_and_what_became_of_it(here):
    ran("too-many-bad-orders")
    etl("quarantine", "dismiss", "all", "--why", "a test order", *Q)
    done = etl("quarantine", "show", "in/too-many-bad-orders.json", *Q)
    assert 'record 1, line 2: "25,00" at $.products[0].price is a text that is not a number;' in done.stdout
    assert "and 1 more" in done.stdout
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d dismissed by ana: a test order\n", done.stdout)
    body = json.loads(etl("quarantine", "show", "in/too-many-bad-orders.json", "--json", *Q).stdout)
    assert (body["status"], body["state"], body["history"][0]["why"]) == ("rejected", "dismissed", "a test order")


def test_show_shows_suggestions(here):
    ran("wrong-type")
    (path,) = Path("quarantine").rglob("report.json")
    suggestion = {
        "table": "orders", "column": "price", "rule": "type", "kind": "format", "says": "take commas for points",
        "patch": "--- a\n+++ b\n-  x\n+  y", "releases": 2, "effect": "safe", "step": "minor",
    }  # fmt: skip
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"suggestions": [suggestion]}))
    done = etl("quarantine", "show", "in/wrong-type.json", *Q)
    for words in ("suggestion", "take commas for points", "would release 2 records", "minor version"):
        assert words in done.stdout
    assert "\n  +  y\n" in done.stdout


def test_show_of_a_record_masks_what_the_report_masks(here):
    ran("bad-email")
    line = json.loads((folder_of(here / "in/bad-email.json") / "rejected.ndjson").read_bytes())
    value = line["violations"][0]["value"].strip('"')
    options = ("in/bad-email.json", "--record", line["record"], *Q)
    done = etl("quarantine", "show", *options)
    assert "orders.email format: *** at $.customer.email is not an e-mail address." in done.stdout
    assert value not in done.stdout
    revealed = etl("quarantine", "show", *options, "--payload")
    assert value in revealed.stdout
    assert '"customer"' in revealed.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in/wrong-type.json", "--record", "1"], "--record 1: no such record is in"),
        (["in/wrong-type.json", "--payload"], "--payload: give --record N, too"),
        (["in/wrong-type.json", "--record", "2", "--json"], "--json: it is for the whole report"),
        (["all"], "one report is shown at a time, and this means 2"),
        (["none.json"], "none.json: neither an upload of this location"),
    ],
)
def test_show_says_what_it_can_not_do(here, arguments, words):
    ran("wrong-type")
    ran("bad-email")
    done = etl("quarantine", "show", *arguments, *Q)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_show_of_rejected_records_that_are_gone_or_edited(here):
    ran("wrong-type")
    (path,) = Path("quarantine").rglob("rejected.ndjson")
    path.write_text("oops\n")
    done = etl("quarantine", "show", "in/wrong-type.json", "--record", "2", *Q)
    assert (done.exit_code, "line 1 is no rejected record" in done.stderr) == (3, True)
    assert "it can't be told what waits" in etl("quarantine", "show", "in/wrong-type.json", *Q).stdout
    path.unlink()
    done = etl("quarantine", "show", "in/wrong-type.json", "--record", "2", *Q)
    assert (done.exit_code, "it is gone; run the upload again" in done.stderr) == (3, True)


HOSTILE = "\x1b]0;pwned\x07\x1b[31m\u202e[bold]\r\n\x9b"


def test_hostile_text_in_every_field_is_shown_and_not_obeyed(here, monkeypatch):
    from rich.console import Console

    from etl.cli.quarantine import commands

    ran("wrong-type")
    ran("too-many-bad-orders")
    for path in Path("quarantine").rglob("report.json"):
        body = hostile(json.loads(path.read_bytes()))
        path.write_text(json.dumps(body))
    for path in Path("quarantine").rglob("rejected.ndjson"):
        lines = path.read_text().splitlines()
        path.write_text("".join(json.dumps(hostile(json.loads(line))) + "\n" for line in lines))
    etl("quarantine", "dismiss", "all", "--why", HOSTILE, *Q)
    folders = [path.parent for path in Path("quarantine").rglob("report.json")]
    calls = [["list", *Q], ["stats", "--lake", "lake", *Q], *(["show", folder, *Q] for folder in folders)]
    calls += [["show", folder, "--record", 9, *Q] for folder in folders]
    for terminal in (False, True):
        console = Console(highlight=False, force_terminal=terminal, width=120, color_system=None)
        monkeypatch.setattr(commands, "_console", lambda console=console: console)
        for call in calls:
            with console.capture() as captured:
                done = etl("quarantine", *call)
            text = captured.get() + done.output
            assert not set(text) & set("\x1b\x07\r\x9b\u202e"), call


def hostile(body: object, key: str = "") -> object:
    """All texts but those that say how it is to be read."""
    if isinstance(body, dict):
        return {name: hostile(value, name) for name, value in body.items()}
    if isinstance(body, list):
        return [hostile(each, key) for each in body]
    if isinstance(body, str) and key not in ("version", "status", "severity", "arrival", "lake", "form", "effect"):
        return body + HOSTILE
    return body


# stats


def test_stats_count_by_day_and_rule_and_state(here):
    ran("wrong-type")
    ran("too-many-bad-orders", 60 * 24)
    ran("negative-price", 60 * 24 + 1)
    etl("quarantine", "dismiss", "in/wrong-type.json", "--why", "test", *Q)
    rows = documents(etl("quarantine", "stats", "--lake", "lake", "--json", *Q))
    assert [row for row in rows if row["by"] == "day"] == [
        {"by": "day", "day": "2024-01-11", "uploads": 2, "read": 12, "rejected": 7, "released": 0, "percent": 58.33},
        {"by": "day", "day": "2024-01-10", "uploads": 1, "read": 11, "rejected": 2, "released": 0, "percent": 18.18},
    ]
    rules = {row["name"]: (row["uploads"], row["records"], row["violations"]) for row in rows if row["by"] == "rule"}
    assert rules["orders.price type"] == (2, 4, 7)
    assert rules["orders.price minimum"] == (1, 1, 1)
    states = {row["state"]: row["folders"] for row in rows if row["by"] == "state"}
    assert (states["open"], states["dismissed"], states["superseded"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (["--by", "contract"], ["orders"]),
        (["--by", "upload"], ["wrong-type.json", "negative-price.json"]),
        (["--by", "day", "--since", "2024-01-11"], ["2024-01-11"]),
        (["--by", "day", "--until", "2024-01-10"], ["2024-01-10"]),
        (["--by", "day", "--contract", "none"], []),
    ],
)
def test_stats_count_by_what_is_asked(here, options, keys):
    ran("wrong-type")
    ran("negative-price", 60 * 24)
    rows = documents(etl("quarantine", "stats", "--lake", "lake", "--json", *options, *Q))
    assert [next(value for name, value in row.items() if name != "by").rsplit("/", 1)[-1] for row in rows] == keys


def test_a_corrected_upload_counts_as_it_is_now(here):
    ran("wrong-type")
    shutil.copy(here / "in/wrong-type.json", here / "bad.json")
    shutil.copy(ROOT / "contracts" / "orders.sample.json", here / "in/wrong-type.json")
    etl("run", "in/wrong-type.json", "--contract", "orders.odcs.yaml", "--lake", "lake", *Q)
    (row,) = documents(etl("quarantine", "stats", "--by", "contract", "--lake", "lake", "--json"))
    assert (row["read"], row["rejected"]) == (10, 0)


def test_stats_in_a_pipe_are_columns(here):
    ran("wrong-type")
    done = etl("quarantine", "stats", "--lake", "lake", "--by", "day")
    assert done.stdout == "day\tuploads\tread\trejected\treleased\tpercent\n2024-01-10\t1\t11\t2\t0\t18.18\n"


# replay


def test_replay_after_a_contract_edit(here):
    ran("negative-price")
    loose = changed(here, LOOSE)
    before = files()
    dry = etl("quarantine", "replay", "in/negative-price.json", "--dry-run", "--contract", loose, *Q)
    assert "1 waiting: 1 would be published, 0 still broken" in dry.stdout
    assert (dry.exit_code, files()) == (0, before)
    done = etl("quarantine", "replay", "in/negative-price.json", "--contract", loose, *Q)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 waiting: 1 published, 0 still broken" in done.stdout
    assert "state: resolved" in done.stdout
    assert documents(etl("quarantine", "list", "--json", *Q))[0]["state"] == "resolved"
    (row,) = documents(etl("quarantine", "stats", "--by", "contract", "--lake", "lake", "--json"))
    assert (row["rejected"], row["released"]) == (1, 1)
    after = files()
    again = etl("quarantine", "replay", "in/negative-price.json", "--contract", loose, *Q)
    assert (again.exit_code, files()) == (0, after)


def test_replay_says_what_still_breaks_and_goes_on_after_a_broken_folder(here):
    ran("negative-price")
    ran("wrong-type", 1)
    ran("bad-email", 2)
    broken = folder_of(here / "in/bad-email.json") / "rejected.ndjson"
    broken.write_text("oops\n")
    done = etl("quarantine", "replay", "all", "--contract", changed(here, LOOSE), *Q)
    assert done.exit_code == 3
    assert "rejected.ndjson: line 1 is no rejected record" in done.stderr
    assert "still breaks orders.quantity type (1 record)" in done.stdout
    assert "in all: 2 folders, 3 waiting, 1 published; 1 folder could not be tried" in done.stdout


def test_replay_falls_short_while_anything_breaks(here):
    ran("wrong-type")
    done = etl("quarantine", "replay", "all", "--json", "--contract", "orders.odcs.yaml", *Q)
    (one,) = documents(done)
    assert done.exit_code == 1
    assert (one["waiting"], one["released"], one["state"], one["contract"]["name"]) == (2, 0, "open", "orders")
    assert one["broken"] == {"orders.quantity type": 1, "orders.price type": 1}


def test_replay_of_a_contract_that_is_gone_takes_what_the_lake_keeps(here):
    ran("wrong-type")
    done = etl("quarantine", "replay", "all", *Q)
    assert "by contract orders 1.0.0, as the lake keeps it" in done.stdout
    shutil.rmtree("lake/_contracts")
    done = etl("quarantine", "replay", "all", *Q)
    assert (done.exit_code, "there is no contract 'orders' any more" in done.stderr) == (3, True)


def test_a_contract_judges_its_own_records(here):
    ran("wrong-type")
    other = changed(here, ("name: orders\n", "name: other\n"))
    done = etl("quarantine", "replay", "in/wrong-type.json", "--contract", other, *Q)
    assert (done.exit_code, "these are records of contract orders" in done.stderr) == (2, True)
    done = etl("quarantine", "replay", "all", "--contract", other, *Q)
    assert (done.exit_code, done.stdout) == (0, "nothing waits in quarantine at quarantine/, as far as was asked\n")


# dismiss


def test_dismiss_appends_who_when_and_why(here):
    ran("wrong-type")
    done = etl("quarantine", "dismiss", "in/wrong-type.json", "--why", "a test order", *Q)
    assert (done.exit_code, "dismissed: a test order" in done.stdout) == (0, True)
    (state,) = Path("quarantine").rglob("states/*")
    body = json.loads(state.read_bytes())
    assert (state.name, body["state"], body["who"], body["why"]) == (
        "0001-dismissed.json", "dismissed", "ana", "a test order",
    )  # fmt: skip
    before = files()
    again = etl("quarantine", "dismiss", "in/wrong-type.json", "--why", "again", *Q)
    assert (again.exit_code, "is dismissed already, by ana: a test order" in again.stdout) == (0, True)
    assert files() == before


def test_what_is_settled_is_not_dismissed(here):
    ran("negative-price")
    etl("quarantine", "replay", "all", "--contract", changed(here, LOOSE), *Q)
    done = etl("quarantine", "dismiss", "in/negative-price.json", "--why", "x", *Q)
    assert (done.exit_code, "it is resolved: its records are published" in done.stderr) == (2, True)
    ran("wrong-type")
    folder = folder_of(here / "in/wrong-type.json")
    shutil.copy(EXAMPLES / "bad-email" / "upload.json", "in/wrong-type.json")
    etl("run", "in/wrong-type.json", "--contract", "orders.odcs.yaml", "--lake", "lake", *Q)
    done = etl("quarantine", "dismiss", folder, "--why", "x", *Q)
    assert (done.exit_code, "it is superseded: a later upload has replaced it" in done.stderr) == (2, True)


def test_a_half_written_folder_is_not_dismissed(here):
    ran("wrong-type")
    next(Path("quarantine").rglob("report.json")).unlink()
    done = etl("quarantine", "dismiss", "in/wrong-type.json", "--why", "x", *Q)
    assert (done.exit_code, "there is no report.json" in done.stderr) == (3, True)


def test_dismiss_asks_for_a_reason(here):
    ran("wrong-type")
    assert "--why" in etl("quarantine", "dismiss", "all", *Q).stderr
    done = etl("quarantine", "dismiss", "all", "--why", " ", *Q)
    assert (done.exit_code, "a reason is expected" in done.stderr) == (2, True)


# purge


def test_purge_before_a_day(here):
    ran("wrong-type")
    ran("too-many-bad-orders", 1)
    ran("negative-price", 60 * 24)
    before = files()
    dry = etl("quarantine", "purge", "--before", "2024-01-11", "--dry-run", *Q)
    assert (dry.exit_code, files()) == (0, before)
    assert "in all: 5 rejected records in 2 folders would be erased; the reports stay" in dry.stdout
    done = etl("quarantine", "purge", "--before", "2024-01-11", *Q)
    assert "in all: 5 rejected records in 2 folders erased; the reports stay" in done.stdout
    assert "erased 3 records, the copy of the upload as a whole" in done.stdout
    assert "rows of the lake" in done.stdout
    left = [at for at, data in files().items() if b'"payload' in data and "states" not in at]
    assert [digest(str(here / "in/negative-price.json").encode()) in at for at in left] == [True]
    assert [at for at in files() if at.endswith("/upload")] == []
    again = etl("quarantine", "purge", "--before", "2024-01-11", *Q)
    assert "nothing is left to erase in 2 folders of the quarantine" in again.stdout
    assert "erased by ana: purge --before 2024-01-11 (records: payloads 2)" in (
        etl("quarantine", "show", "in/wrong-type.json", *Q).stdout
    )


def test_purge_of_a_record_by_its_id(here):
    ran("too-many-bad-orders")
    record = f"{digest(str(here / 'in/too-many-bad-orders.json').encode())}-1"
    done = etl("quarantine", "purge", "--record", record, *Q)
    assert done.exit_code == 0
    assert "erased 1 record, what 4 places of reports showed, its part of the upload's copy" in done.stdout
    assert f"rows of the lake where _record_id is '{record}', if it was published" in done.stdout
    (copy,) = Path("quarantine").rglob("upload")
    assert copy.read_bytes().splitlines()[0] == b"{}"
    assert "its document was erased" in etl("quarantine", "show", record[:16], "--record", 1, "--payload", *Q).stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "give either --before DATE or --record ID"),
        (["--before", "2024-01-01", "--record", "0123456789abcdef-1"], "give either"),
        (["--record", "1"], "<upload id>-<number>"),
        (["--record", "0123456789abcdef-0"], "<upload id>-<number>"),
        (["--record", "0123456789abcdef-1"], "nothing of this upload is in"),
        (["--before", "yesterday"], "does not match"),
    ],
)
def test_purge_says_what_it_expects(here, options, words):
    ran("wrong-type")
    done = etl("quarantine", "purge", *options, *Q)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())


# Where to look.


def test_contracts_say_where_to_look_and_a_quarantine_that_is_shared_is_looked_at_once(here):
    ran("wrong-type")
    text = (here / "orders.odcs.yaml").read_text(encoding="utf-8")
    text = re.sub(r"location: s3://\$\{ORDERS_BUCKET\}/orders_quarantine/", "location: s3://x/q/", text)
    lines = text.splitlines()
    for name, place in (("incoming", "in/"), ("datalake", "lake/{model}/"), ("quarantine", "quarantine/")):
        at = next(number for number, line in enumerate(lines) if f"server: {name}" in line)
        end = next(number for number in range(at, len(lines)) if "location:" in lines[number])
        lines[at + 1 : end + 1] = ["    type: local", f"    path: {place}"]
    Path("contracts").mkdir()
    (here / "contracts/orders.odcs.yaml").write_text("\n".join(lines), encoding="utf-8")
    other = "\n".join(lines).replace("name: orders\n", "name: other\n", 1).replace("path: in/", "path: in2/")
    other = other.replace("path: lake/{model}/", "path: lake2/{model}/")
    (here / "contracts/other.odcs.yaml").write_text(other, encoding="utf-8")
    assert len(documents(etl("quarantine", "list", "--json"))) == 1
    (row,) = documents(etl("quarantine", "stats", "--by", "contract", "--json"))
    assert row["uploads"] == 1
    assert etl("quarantine", "replay", "all").exit_code == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["list"], "there is no folder contracts/ here that says where to look; give --quarantine"),
        (["stats"], "give --lake"),
        (["list", "--quarantine", ""], "--quarantine: a folder or s3://bucket/prefix/ is expected"),
        (["list", *Q, "--day", "2024-01-01", "--since", "2024-01-01"], "--day: it is one day"),
    ],
)
def test_where_to_look_has_to_be_known(here, command, words):
    done = etl("quarantine", *command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_contracts_whose_variables_are_not_set_say_so(here, monkeypatch):
    monkeypatch.delenv("ORDERS_BUCKET", raising=False)
    shutil.copytree(ROOT / "contracts", "contracts")
    done = etl("quarantine", "list")
    assert (done.exit_code, "no server 'quarantine' in contracts/ says where to look" in done.stderr) == (2, True)


def test_an_empty_quarantine_is_no_fault(here):
    Path("quarantine").mkdir()
    done = etl("quarantine", "list", *Q)
    assert (done.exit_code, done.stderr) == (0, "nothing is in quarantine at quarantine/\n")
    assert etl("quarantine", "stats", "--lake", "lake", *Q).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        ["quarantine", "list"],
        ["quarantine", "list", "--json"],
        ["quarantine", "show", "0123abcd"],
        ["quarantine", "stats", "--lake", "lake"],
        ["quarantine", "stats", "--lake", "lake", "--by", "day"],
        ["quarantine", "replay", "all"],
        ["quarantine", "dismiss", "all", "--why", "test"],
        ["quarantine", "purge", "--before", "2024-01-01"],
        ["review", "--lake", "lake"],
    ],
)
def test_a_folder_that_is_not_there_is_no_empty_quarantine(here, command):
    Path("file").touch()
    for place in ("nope", str(here / "nope"), "file"):
        done = etl(*command, "--quarantine", place)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == f"etl: --quarantine {place}: there is no such folder; check the path\n"


def test_a_folder_that_contracts_name_may_come_later(here):
    Path("contracts").mkdir()
    text = (here / "orders.odcs.yaml").read_text(encoding="utf-8")
    there = "    type: s3\n    location: s3://${ORDERS_BUCKET}/orders_quarantine/\n"
    assert there in text
    text = text.replace(there, f"    type: local\n    path: {here}/quarantine/\n")
    (here / "contracts/orders.odcs.yaml").write_text(text, encoding="utf-8")
    done = etl("quarantine", "list")
    assert (done.exit_code, done.stderr) == (0, "nothing is in quarantine at quarantine/\n")


def test_an_empty_prefix_on_s3_is_named(here, s3):
    done = etl("quarantine", "list", "--quarantine", "s3://orders/nope")
    assert (done.exit_code, done.stderr) == (0, "nothing is in quarantine at s3://orders/nope/\n")
    for command in (["replay", "all", "--contract", "orders.odcs.yaml"], ["purge", "--before", "2024-01-01"]):
        done = etl("quarantine", *command, "--quarantine", "s3://orders/nope")
        assert (done.exit_code, " in quarantine at s3://orders/nope/, as far as was asked\n" in done.stdout) == (
            0,
            True,
        )


def test_a_quarantine_on_s3(here, s3):
    s3.put_object(Bucket="orders", Key="in/a.json", Body=(EXAMPLES / "negative-price" / "upload.json").read_bytes())
    places = ("--lake", "s3://orders/lake", "--quarantine", "s3://orders/q")
    assert etl("run", "s3://orders/in/a.json", "--contract", "orders.odcs.yaml", *places).exit_code == 0
    (one,) = documents(etl("quarantine", "list", "--json", *places[2:]))
    assert one["upload"]["location"] == "s3://orders/in/a.json"
    assert etl("quarantine", "show", one["location"], *places[2:]).exit_code == 0
    done = etl("quarantine", "replay", "s3://orders/in/a.json", "--contract", changed(here, LOOSE), *places)
    assert (done.exit_code, "1 published" in done.stdout) == (0, True)
    done = etl("quarantine", "purge", "--before", "2999-01-01", *places[2:])
    assert "1 rejected record in 1 folder erased" in done.stdout
    body = s3.get_object(Bucket="orders", Key=f"{one['location'].removeprefix('s3://orders/')}rejected.ndjson")["Body"]
    assert "erased" in json.loads(body.read())
