"""What goes to Lambda: how large it is, what it holds, and that it runs by itself."""

import gzip
import json
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import boto3
import pytest
import zstandard
from moto.server import ThreadedMotoServer

from tests.deployed.elf import MACHINES, MAGIC, Library, library
from tests.deployed.emulator import PYTHON, ROOT
from tests.examples import EXAMPLES, WRITTEN

FUNCTION = ROOT / ".aws-sam" / "build" / "EtlFunction"
DEPLOYED = ROOT / ".aws-sam" / "build" / "EtlLibraries"  # of this machine's architecture, for the emulator
LIMIT = 262_144_000  # bytes unzipped, function and layers: "Lambda quotas" in the developer guide
HERE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
PYC_OF_313 = (3571).to_bytes(2, "little") + b"\r\n"  # CPython 3.13, Include/internal/pycore_magic_number.h
UNCHECKED_HASH = (1).to_bytes(4, "little")  # PEP 552: a hash of the source, which nobody compares
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))\.so\.\d+")  # of Amazon Linux 2023

by_architecture = pytest.mark.parametrize("architecture", MACHINES)


def layer(architecture: str) -> Path:
    return ROOT / "build" / f"libraries-{architecture}" / "python"


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


# --- what it holds ---


@by_architecture
def test_it_fits(architecture: str, capsys: pytest.CaptureFixture[str]) -> None:
    function, libraries = (sum(path.stat().st_size for path in files(at)) for at in (FUNCTION, layer(architecture)))
    with capsys.disabled():
        print(f"\n{architecture}: {function:,} + {libraries:,} = {function + libraries:,} of {LIMIT:,} bytes")  # noqa: T201
    assert function + libraries < LIMIT


def test_what_was_tried_is_what_is_deployed() -> None:
    ours = {path.relative_to(DEPLOYED / "python"): path.stat().st_size for path in files(DEPLOYED)}
    assert ours == {path.relative_to(layer(HERE)): path.stat().st_size for path in files(layer(HERE))}


def test_the_function_is_our_code_and_the_contracts() -> None:
    assert {path.name for path in FUNCTION.iterdir()} == {"handler.py", "etl", "contracts", "__pycache__"}
    assert {path.name for path in files(FUNCTION / "contracts")} == {
        path.name for path in (ROOT / "contracts").glob("*.odcs.yaml")
    }
    assert {path.suffix for path in files(FUNCTION / "etl")} == {".py", ".pyc", ".json", ".html", ".css"}


@by_architecture
def test_the_layer_is_what_is_locked(architecture: str) -> None:
    found = {
        each.name.lower().replace("_", "-"): each.version for each in distributions(path=[str(layer(architecture))])
    }
    assert found.items() <= locked()
    assert found.keys() >= wanted() - left_out()
    assert not found.keys() & left_out()


def locked() -> set[tuple[str, str]]:
    lock = (ROOT / "requirements" / "etl.lock").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))


def wanted() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[>=\[]", each)[0] for each in project["dependencies"]}


def left_out() -> set[str]:
    lines = (ROOT / "requirements" / "not-in-lambda.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


@by_architecture
def test_libraries_are_compiled_and_nothing_else(architecture: str) -> None:
    found = files(layer(architecture))
    assert not [path for path in found if path.suffix in {".py", ".pyi", ".pyx", ".h"} or "tests" in path.parts]
    check_compiled(path for path in found if path.suffix == ".pyc")


def test_our_code_is_compiled_beside_its_sources() -> None:
    sources = [path for path in files(FUNCTION) if path.suffix == ".py"]
    assert sources
    check_compiled(path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in sources)


def check_compiled(paths: Iterator[Path]) -> None:
    heads = {path: path.read_bytes()[:8] for path in paths}
    assert heads
    assert {path: head for path, head in heads.items() if head != PYC_OF_313 + UNCHECKED_HASH} == {}


def test_both_architectures_have_the_same_files() -> None:
    """So that what runs on one, which is tried below, misses nothing on the other."""
    names = [{anonymous(path.relative_to(layer(each))) for path in files(layer(each))} for each in MACHINES]
    assert names[0] == names[1]


def anonymous(path: Path) -> str:
    """Without the architecture, and the hash in the name of a bundled library."""
    return re.sub(r"-[0-9a-f]{8}\.so", ".so", re.sub("x86_64|aarch64", "*", str(path)))


# --- shared libraries ---


def libraries(architecture: str) -> dict[Path, Library]:
    found = {path: library(path) for path in files(layer(architecture)) if path.read_bytes()[:4] == MAGIC}
    assert len(found) > 90
    return found


@by_architecture
def test_shared_libraries_are_whole_and_of_the_right_machine(architecture: str) -> None:
    for path, each in libraries(architecture).items():
        assert each.machine == MACHINES[architecture], path
        assert max(sum(segment) for segment in each.segments) <= path.stat().st_size, path


@by_architecture
def test_no_shared_library_misses_another(architecture: str) -> None:
    found = libraries(architecture)
    names = {path.name for path in found}
    missing = {name for each in found.values() for name in each.needed if name not in names}
    assert {name for name in missing if not SYSTEM.fullmatch(name)} == set()


# --- running it ---


def inside(*arguments: str, told: str = "", **environment: str) -> str:
    """What a script of `inside.py` prints: Python 3.13, and nothing to import but what it brings and the package."""
    env = {"PYTHONPATH": f"{FUNCTION}:{layer(HERE)}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    command = [str(PYTHON), "-S", "-P", "-W", "error", str(ROOT / "tests/deployed/inside.py"), *arguments]
    done = subprocess.run(command, input=told, env=env | environment, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_is_found_in_the_package_and_nowhere_else() -> None:
    found = json.loads(inside("modules"))
    assert len(found) > 50
    assert [name for name, path in found.items() if not Path(path).is_relative_to(FUNCTION)] == []


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    inside("examples", str(folder))
    return folder


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda folder: folder.name)
def test_bad_uploads_give_what_they_give_elsewhere(example: Path, name: str, examples: Path) -> None:
    assert (examples / example.name / name).read_bytes() == (example / name).read_bytes()


CONTRACTS = ROOT / "contracts"
ORDERS, MARKETPLACE = "orders_json_incoming/", "orders_json_incoming/marketplace/"
UPLOADS = {
    f"{ORDERS}sample.json": (CONTRACTS / "orders.sample.json").read_bytes(),
    f"{ORDERS}sample.json.gz": gzip.compress((CONTRACTS / "orders.sample.json").read_bytes()),
    f"{ORDERS}sample.json.zst": zstandard.compress((CONTRACTS / "orders.sample.json").read_bytes()),
    f"{MARKETPLACE}sample.ndjson": (CONTRACTS / "marketplace.sample.ndjson").read_bytes(),  # zones, SQL, decimals
    "orders_json_incoming/marketplace_export/sample.json": (CONTRACTS / "marketplace_export.sample.json").read_bytes(),
    f"{ORDERS}bad-email.json": (ROOT / "quarantine_examples/bad-email/upload.json").read_bytes(),
    f"{ORDERS}broken-sql-rule.json": (ROOT / "quarantine_examples/broken-sql-rule/upload.json").read_bytes(),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """The environment of a function: S3 with the uploads, and a topic, in another process than the function."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    url = "http://{}:{}".format(*server.get_host_and_port())
    s3 = boto3.client("s3", endpoint_url=url, **keys)
    s3.create_bucket(Bucket="shop-orders")
    for key, data in UPLOADS.items():
        s3.put_object(Bucket="shop-orders", Key=key, Body=data)
    topic = boto3.client("sns", endpoint_url=url, **keys).create_topic(Name="quarantined")["TopicArn"]
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    yield {"AWS_ENDPOINT_URL": url, "ORDERS_BUCKET": "shop-orders", "ETL_TOPIC": topic, **credentials}
    server.stop()


@pytest.fixture(scope="module")
def answers(aws: Mapping[str, str]) -> dict[str, Any]:
    """What the function answers, by key of the upload. Time zones come from the package, as if the system had none."""
    events = [{"Records": [event(key)]} for key in UPLOADS]
    told = "\n".join(json.dumps(each) for each in events)
    printed = inside("invoke", told=told, PYTHONTZPATH="", **aws)
    return dict(zip(UPLOADS, json.loads(printed.splitlines()[-1]), strict=True))


def event(key: str) -> dict[str, Any]:
    s3 = {"bucket": {"name": "shop-orders"}, "object": {"key": key}}
    return {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventVersion": "2.2", "s3": s3}


@pytest.mark.parametrize("key", UPLOADS)
def test_uploads_are_processed(key: str, answers: Mapping[str, Any]) -> None:
    [summary] = answers[key]["uploads"]
    assert summary["status"] == ("partial" if Path(key).stem in {p.name for p in EXAMPLES} else "published")
    assert summary["records"]["read"] > 0
