"""What README says is so: its commands run, its output is what they print, its reference names every keyword."""

import json
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from etl.contract import checks, expressions, formats, metrics, patterns, policies, types
from etl.contract.model import Operator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [text for kind, text in BLOCKS if kind == "sh"]
SERVES = "etl review"
INSTALLS = ("make demo", "make test", ". .venv/bin/activate")  # .ci/run does these on a fresh clone


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a user has, with `etl` on the path."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("contracts", "quarantine_examples"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "demo.sh", folder)
    command = folder / "bin" / "etl"
    command.parent.mkdir()
    script = "from etl.cli import main\nif __name__ == '__main__':\n    main()\n"  # as pip writes it
    command.write_text(f"#!{sys.executable}\n{script}")
    command.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def environment(project: Path) -> Iterator[dict[str, str]]:
    """An S3 on loopback, with the bucket that README speaks of."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    client.create_bucket(Bucket="my-orders")
    client.upload_file(str(ROOT / "contracts/orders.sample.json"), "my-orders", "orders_json_incoming/orders.json")
    path = f"{project / 'bin'}:/usr/bin:/bin"
    yield {"PATH": path, "HOME": str(project), "AWS_ENDPOINT_URL": url, "PYTHONPATH": str(ROOT), **keys}
    server.stop()


def run(command: str, project: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(["sh", "-e"], input=command, text=True, capture_output=True, cwd=project, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("commands", COMMANDS, ids=lambda text: text.splitlines()[0][:40])
def test_commands_run(commands: str, project: Path, environment: dict[str, str]) -> None:
    left = [line for line in commands.splitlines() if not line.startswith((*INSTALLS, SERVES))]
    run("\n".join(left), project, environment)


def test_the_review_opens_by_its_link(project: Path, environment: dict[str, str]) -> None:
    (command,) = (line for text in COMMANDS for line in text.splitlines() if line.startswith(SERVES))
    arguments = [*shlex.split(command), "--port", "0"]
    (project / "out/orders_quarantine").mkdir(parents=True, exist_ok=True)  # the demo leaves it
    with subprocess.Popen(arguments, text=True, stdout=subprocess.PIPE, cwd=project, env=environment) as process:
        assert process.stdout
        link = process.stdout.readline().split()[-1]
        with httpx.Client(follow_redirects=True) as browser:  # keeps the cookie
            page = browser.get(link)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
    assert page.status_code == 200
    assert "Quarantine review" in page.text


REVENUE = "5960.25"  # of the sample's lines
LOCAL = (
    "etl run contracts/orders.sample.json --contract contracts/orders.odcs.yaml --lake out/read/lake --quarantine out/q"
)
READS = {
    name: text for kind, text in BLOCKS if kind == "python" for name in re.findall(r"^(?:import|from) (\w+)", text)
}


def read(engine: str, more: str, project: Path, environment: dict[str, str]) -> str:
    """What a snippet of this engine prints with a line of ours more."""
    script = f"{READS[engine]}\n{more}"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, cwd=project)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_duckdb_reads_the_lake_as_shown(project: Path, environment: dict[str, str]) -> None:
    run(LOCAL, project, environment)
    assert read("duckdb", "print(sum(one for *_, one in revenue), revenue[0][0])", project, environment) == (
        f"{REVENUE} 2024-01-10"
    )


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark takes Java")
def test_spark_reads_the_lake_as_shown(project: Path, environment: dict[str, str]) -> None:
    run(LOCAL, project, environment)
    java = Path(shutil.which("java") or "").parent
    alone = {
        "PATH": f"{java}:{environment['PATH']}",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SUBMIT_OPTS": "-Dspark.ui.enabled=false",
    }
    printed = read("pyspark", "print(revenue, dict(orders.dtypes)['order_date'])", project, environment | alone)
    assert printed == f"{REVENUE} date"


def test_pandas_reads_the_lake_as_shown(project: Path, environment: dict[str, str]) -> None:
    run("ORDERS_BUCKET=my-orders etl run s3://my-orders/orders_json_incoming/", project, environment)
    assert read("awswrangler", "print(revenue, orders['order_date'].min(), len(orders))", project, environment) == (
        f"{REVENUE} 2024-01-10 18"
    )


def test_the_query_for_athena_is_one_for_etl_too(project: Path, environment: dict[str, str]) -> None:
    run(LOCAL, project, environment)
    statement = next(text for kind, text in BLOCKS if kind == "sql").replace("orders_lake.", "")
    printed = run(f"etl lake query {shlex.quote(statement)} --lake out/read/lake", project, environment)
    rows = sorted(line.split("\t") for line in printed.splitlines()[1:])
    assert rows == [["Electronics", "224.90"], ["Furniture", "1388.90"], ["Groceries", "64.90"]]


def test_etl_lake_prints_what_readme_shows(project: Path, environment: dict[str, str]) -> None:
    printed = run(next(text for text in COMMANDS if "etl lake query" in text), project, environment)
    assert any(kind == "text" and text.startswith("category\trevenue\n") and text in printed for kind, text in BLOCKS)


def test_a_backfill_prints_what_readme_shows(project: Path, environment: dict[str, str]) -> None:
    (command,) = (text for text in COMMANDS if text.startswith("etl backfill"))
    (shown,) = (text for kind, text in BLOCKS if kind == "text" and "uploads in" in text)
    printed = run(command.replace("out/past", "out/shown"), project, environment)
    assert _backfilled(printed) == _backfilled(shown)


def _backfilled(text: str) -> list[str]:
    """In no order, as uploads end; without how long it took, and by how many."""
    return sorted(re.sub(r"in .* s, by \d+ process(es)?$", "", line) for line in text.splitlines())


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark takes Java")
def test_spark_runs_a_backfill_as_shown(project: Path, environment: dict[str, str]) -> None:
    (command,) = (text for kind, text in BLOCKS if kind == "bash" and "--engine spark" in text)
    java = Path(shutil.which("java") or "").parent
    printed = run(command, project, environment | {"PATH": f"{java}:{environment['PATH']}"})
    assert "1 upload in" in printed
    assert "10 read = 10 published + 0 quarantined" in printed


def test_the_demo_prints_what_readme_shows(project: Path, environment: dict[str, str]) -> None:
    printed = run("sh demo.sh", project, {**environment, "OUT": "out"})
    printed = re.sub(r"/\d{4}-\d\d-\d\d/[0-9a-f]{16}-[0-9a-f]{16}/", "/<day>/<upload id>-<content id>/", printed)
    shown = next(text for kind, text in BLOCKS if kind == "text" and "A good upload" in text)
    beginning, end = shown.split("...\n")
    assert printed.startswith(beginning)
    assert printed.endswith(end)


def test_the_replay_prints_what_readme_shows(project: Path, environment: dict[str, str]) -> None:
    commands = next(text for text in COMMANDS if "etl quarantine replay" in text).replace("out/", "new/")
    printed = run(commands, project, environment).replace("new/", "out/")
    printed = re.sub(r"/\d{4}-\d\d-\d\d/[0-9a-f]{16}-[0-9a-f]{16}/", "/<day>/<upload id>-<content id>/", printed)
    assert any(kind == "text" and "1 published" in text and text in printed for kind, text in BLOCKS)


def test_the_yaml_of_the_tour_stands_in_the_contract() -> None:
    shown = next(text for kind, text in BLOCKS if kind == "yaml")
    contract = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
    for line in shown.splitlines():
        code = line.split("#")[0].strip()
        inline = re.sub(r": \{(.*)\}$", "", code)
        assert inline in contract, line


KEYWORDS = [
    *policies._READERS, *expressions._FUNCTIONS, *types._BUILDERS, *formats.STRING_FORMATS, *patterns.EPOCHS,
    *checks._MAKERS, *metrics._ARGUMENTS, *Operator.__args__,
    "transformLogic", "required", "unique", "primaryKey", "primaryKeyPosition", "partitioned", "partitionKeyPosition",
    "enum", "classification", "items", "properties", "quality", "physicalType", "defaultTimezone", "severity", "unit",
    "metric", "arguments", "query", "implementation", "engine", "delimiter", "location", "path", "server", "version",
]  # fmt: skip


@pytest.mark.parametrize("keyword", sorted(set(KEYWORDS)))
def test_the_reference_names_every_keyword(keyword: str) -> None:
    reference = README[README.index("## Contract reference") :]
    assert re.search(rf"`[^`\n]*\b{re.escape(keyword)}\b[^`\n]*`", reference)


def test_string_formats_are_quoted_with_their_source() -> None:
    for each in formats.STRING_FORMATS.values():
        if each.pattern is not None:
            assert f"| `{each.name}` | {each.expected} | {each.source} |" in README


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_figures_of_speed_are_those_that_were_measured() -> None:
    for one in json.loads((ROOT / "bench/results/results.json").read_text(encoding="utf-8")):
        ratios = f"{one['to_duckdb']:.1f} | {one['to_clean']:.2f} | {one['wall']:.1f} s | {one['peak']:.0f} MB"
        assert f"| {one['name']} | {one['orders']:,} | {ratios} |" in README


def test_backfills_are_as_fast_as_measured() -> None:
    measured = json.loads((ROOT / "bench/results/backfill.json").read_text(encoding="utf-8"))
    times = {"etl run": [measured["etl run"]]}
    for one in measured["engines"]:
        assert one["same"]
        times.setdefault(one["engine"], []).append(one["seconds"])
    medians = [statistics.median(seconds) for seconds in times.values()]
    local = statistics.median(times["local"])
    shown = re.findall(r"^\| (?:etl run|`--engine \w+`[^|]*) \| (\d+) s \| ([\d.]+) \|", README, re.MULTILINE)
    assert shown == [(f"{seconds:.0f}", f"{local / seconds:.2f}") for seconds in medians]
