"""`etl lake`: what it prints for people, pipes and programs, what it refuses, and with which exit code."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from etl.cli.app import app
from tests.query.lakes import DAY, NUMBER, PRICE, contract, publish

ROOT = Path(__file__).parents[2]
NAME = {"name": "name", "logicalType": "string", "classification": "restricted", "description": "Who buys."}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("made")
    agreed = contract(feed=[NUMBER, PRICE, NAME, DAY], items=[{**NUMBER, "transformLogic": "$.items[*]"}])
    rows = [
        {"n": 1, "price": "12.50", "name": "Ana\tLima", "day": "2024-01-10", "items": [1, 2]},
        {"n": 2, "price": None, "name": None, "day": "2024-01-12", "items": []},
    ]
    publish(f"{folder}/lake/", agreed, "a", *rows, source=folder)
    return f"{folder}/lake"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def etl(*arguments: str, input: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["lake", *arguments], input=input)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_tables_in_a_pipe(lake):
    code, out, err = etl("tables", "--lake", lake)
    assert (code, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["table", "contract", "versions", "rows", "files", "size", "partitions", "location"]
    assert [line[:5] + line[6:] for line in lines[1:]] == [
        ["feed", "feed", "1.0.0", "2", "2", "day 2024-01-10 to 2024-01-12", f"{lake}/feed/"],
        ["feed_items", "feed", "1.0.0", "2", "1", "", f"{lake}/items/"],
    ]
    assert int(lines[1][5]) == sum(path.stat().st_size for path in Path(lake, "feed").rglob("*.parquet"))


def test_the_columns_of_one(lake):
    code, out, _ = etl("tables", "FEED", "--lake", lake)
    assert code == 0
    assert out.splitlines() == [
        "column\ttype\tpartition\tclassification\tdescription",
        "n\tBIGINT\t\t\t",
        "price\tDECIMAL(12,2)\t\t\t",
        "name\tVARCHAR\t\trestricted\tWho buys.",
        "day\tDATE\tyes\t\t",
        *(f"{name}\tVARCHAR\t\t\t" for name in ("_record_id", "_upload", "_contract_version")),
    ]


def test_tables_for_programs(lake):
    _, out, _ = etl("tables", "--json", "--lake", lake)
    first, second = map(json.loads, out.splitlines())
    assert (first["name"], first["contract"]) == ("feed", {"name": "feed", "versions": ["1.0.0"]})
    assert (first["rows"], first["files"], first["gone"], first["uncommitted"]) == (2, 2, [], [])
    assert first["partitions"] == {"day": {"first": "2024-01-10", "last": "2024-01-12"}}
    assert (second["name"], second["table"], second["partitions"]) == ("feed_items", "items", {})


def test_a_query_in_a_pipe(lake):
    moment = "TIMESTAMPTZ '2024-01-10 10:00+02'"
    asked = f"SELECT n, price, name, day, [1, NULL] AS l, n = 1 AS b, {moment} AS t FROM feed ORDER BY n"
    assert etl("query", asked, "--lake", lake) == (
        0,
        "n\tprice\tname\tday\tl\tb\tt\n"
        "1\t12.50\tAna\\tLima\t2024-01-10\t[1,null]\ttrue\t2024-01-10T08:00:00Z\n"
        "2\t\t\t2024-01-12\t[1,null]\tfalse\t2024-01-10T08:00:00Z\n",
        "",
    )


def test_a_query_for_programs_from_standard_input(lake):
    total = "sum(price) OVER () * 1.0::DECIMAL(3,1) AS total"
    asked = f"SELECT n, price, name, {total}, price / 3 AS f FROM feed ORDER BY n LIMIT 1"
    code, out, err = etl("query", "-", "--json", "--lake", lake, input=asked)
    assert (code, err) == (0, "")
    assert out == '{"n":1,"price":12.50,"name":"Ana\\tLima","total":12.500,"f":4.166666666666667}\n'


@pytest.mark.parametrize(
    "asked", ["DESCRIBE feed", "SUMMARIZE feed", "SHOW TABLES", "FROM feed", "VALUES (1)", "SELECT 1;"]
)
def test_what_is_a_select_too(lake, asked):
    code, out, err = etl("query", asked, "--lake", lake)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 1


SECRET = "/etc/hostname"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "one SELECT is expected, found nothing"),
        ("/* nothing */", "one SELECT is expected, found nothing"),
        ("SELECT 1; SELECT 2", "one SELECT is expected, found SELECT, SELECT"),
        ("DROP VIEW feed", "one SELECT is expected, found DROP"),
        ("INSERT INTO feed VALUES (1)", "one SELECT is expected, found INSERT"),
        ("DELETE FROM feed", "one SELECT is expected, found DELETE"),
        ("CREATE TABLE x AS FROM feed", "one SELECT is expected, found CREATE"),
        ("COPY feed TO 'out.csv'", "one SELECT is expected, found COPY"),
        ("ATTACH 'x.db'", "one SELECT is expected, found ATTACH"),
        ("INSTALL httpfs", "one SELECT is expected, found LOAD"),
        ("SET enable_external_access = true", "one SELECT is expected, found SET"),
        ("PRAGMA database_list", "one SELECT is expected"),
        ("EXPORT DATABASE 'x'", "one SELECT is expected, found EXPORT"),
        ("CALL pragma_version()", "one SELECT is expected, found CALL"),
        (f"SELECT * FROM read_text('{SECRET}')", "disabled by configuration"),
        (f"SELECT * FROM '{SECRET}'", f"Table with name {SECRET} does not exist"),
        ("SELECT * FROM glob('/etc/*')", "disabled by configuration"),
        ("SELECT * FROM read_csv('http://127.0.0.1:1/x')", "disabled by configuration"),
        ("SELECT * FROM read_parquet('s3://bucket/x')", "disabled by configuration"),
        ("SELECT * FROM lake", "Table with name lake does not exist"),  # a variable of the test, and of the command
        ("SELECT getenv('HOME')", "getenv"),
        ("SELCT 1", "syntax error at or near \"SELCT\""),
        ("SELECT prize FROM feed", "\"prize\" not found"),
        ("SELECT * FROM fed", "Did you mean \"feed\"?"),
        ("SELECT name::INTEGER FROM feed", "Could not convert string"),
        ("SELECT error('no')", "no"),
        ("SELECT DATE '9999-12-31' + INTERVAL 1000 DAY AS d, 1 AS n", "d: a value that can't be shown"),
        ("SELECT 340282366920938463463374607431768211455::UHUGEINT AS u", "u: a UHUGEINT can't be shown as it is"),
        ("SELECT [TIMETZ '10:00+02'] AS t", "t: a TIME WITH TIME ZONE[] can't be shown as it is; CAST it to VARCHAR"),
        ("SELECT '101'::BIT AS b", "b: a BIT can't be shown"),
        ("SELECT (CASE WHEN i = 500000 THEN 'x' ELSE '1' END)::INT FROM range(1000000) t(i)", "Could not convert"),
    ],
)  # fmt: skip
def test_what_is_refused_or_fails_is_said(lake, asked, said):
    before = sorted(Path().iterdir())
    code, _, err = etl("query", asked, "--lake", lake)
    assert code == 2
    assert err.startswith("etl: ")
    assert said in err
    assert "Traceback" not in err
    assert [path for path in sorted(Path().iterdir()) if path.name != "cache"] == [
        path for path in before if path.name != "cache"
    ]


def test_columns_of_one_name_have_no_json(lake):
    code, out, err = etl("query", "SELECT n, n FROM feed", "--json", "--lake", lake)
    assert (code, out) == (2, "")
    assert err == "etl: --json: there are several columns n; give them other names (AS)\n"
    assert etl("query", "SELECT 1 AS n, 2 AS n", "--lake", lake) == (0, "n\tn\n1\t2\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tables", "--lake", "mistyped"], 2, "mistyped/: there is no lake here: "),
        (["query", "SELECT 1", "--lake", ""], 2, "--lake: a folder or s3://bucket/prefix/ is expected, found nothing"),
        (["tables"], 2, "there is no folder contracts/ here that says where to look; give --lake"),
        (["tables", "fed", "--lake", "{lake}"], 2, "there is no table fed in the lake; did you mean 'feed'?"),
    ],
)
def test_a_lake_that_is_not_there_is_said(lake, arguments, code, said):
    found, out, err = etl(*(each.replace("{lake}", lake) for each in arguments))
    assert (found, out) == (code, "")
    assert said in err


def test_files_that_are_not_committed_or_gone_are_said(lake, tmp_path):
    subprocess.run(["cp", "-r", lake, tmp_path / "copy"], check=True)
    gone = next(Path(tmp_path, "copy/feed").rglob("*.parquet"))
    gone.rename(gone.with_name("stray.parquet"))
    _, _, err = etl("tables", "--lake", "copy")
    first, second = err.splitlines()
    assert first == f"etl: feed: 1 of its files are gone, such as {gone.relative_to(tmp_path)}: run their uploads again"
    assert second.startswith(
        f"etl: feed: 1 more files lie in its folder, such as {gone.parent.relative_to(tmp_path)}/stray"
    )


def test_what_is_to_be_known_of_a_table_is_said_where_it_is_asked_for(tmp_path):
    for version, kind in (("1.0.0", "integer"), ("2.0.0", "number")):
        agreed = contract(version, feed=[{**NUMBER, "logicalType": kind}], other=[NUMBER])
        publish(f"{tmp_path}/lake/", agreed, version, {"n": 1}, source=tmp_path)
    assert "feed.n is text here" in etl("query", "SELECT n FROM Feed", "--lake", "lake")[2]
    assert "feed.n is text here" in etl("tables", "feed", "--lake", "lake")[2]
    assert etl("query", "SELECT 1", "--lake", "lake")[2] == ""


# On a terminal.


def terminal(*arguments: str, columns: int, folder: Path) -> str:
    """What is seen on a terminal of this width."""
    main, side = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns), "TERM": "dumb", "NO_COLOR": "1"}
    command = [sys.executable, "-c", "from etl.cli import main; main()", "lake", *arguments]
    with subprocess.Popen(command, stdout=side, stderr=side, cwd=folder, env=environment) as process:
        os.close(side)
        seen = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            seen += piece
        assert process.wait(60) == 0
    os.close(main)
    return seen.decode().replace("\r\n", "\n")


def test_a_terminal_gets_the_first_rows_and_is_told(lake, tmp_path):
    seen = terminal(
        "query", "SELECT i, 1.50 AS price FROM range(1000) t(i)", "--lake", lake, columns=80, folder=tmp_path
    )
    assert seen.splitlines()[1].split() == ["0", "1.50"]
    assert len(seen.splitlines()) == 42
    assert seen.splitlines()[-1] == "the first 40 rows; a pipe or --json gets all of them"


def test_a_result_wider_than_the_terminal_is_shown_upright(lake, tmp_path):
    seen = terminal("query", "FROM feed ORDER BY n", "--lake", lake, columns=60, folder=tmp_path)
    assert "row 1\n  n                  1\n  price              12.50\n" in seen
    assert "row 2\n" in seen
    assert "first" not in seen


def test_no_rows_are_said(lake, tmp_path):
    assert terminal("query", "FROM feed WHERE n > 9", "--lake", lake, columns=200, folder=tmp_path).endswith(
        "no rows\n"
    )


def test_tables_at_a_terminal(lake, tmp_path):
    seen = terminal("tables", "--lake", lake, columns=200, folder=tmp_path)
    assert "day 2024-01-10 to 2024-01-12" in seen
    assert "DECIMAL(12,2)" in terminal("tables", "feed", "--lake", lake, columns=100, folder=tmp_path)


# Interrupted.


@pytest.mark.parametrize(
    "asked", ["SELECT count(*) FROM range(100000000000) t(i) WHERE i % 7 = 3", "FROM range(1000000000)"]
)
def test_ctrl_c_ends_it(lake, tmp_path, asked):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = "import sys; from etl import query; from etl.cli import main; print('go', end='', file=sys.stderr); main()"
    command = [sys.executable, "-c", code, "lake", "query", asked, "--lake", lake]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # who runs tests in the background may ignore it
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": tmp_path, "env": environment}
    with subprocess.Popen(command, preexec_fn=heard, **streams) as process:
        try:
            assert process.stderr
            assert process.stderr.read(2) == b"go"
            time.sleep(3)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (130, b"etl: interrupted\n")
