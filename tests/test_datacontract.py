"""Other tools read the same contracts: datacontract-cli accepts them as they stand, and the lake that they describe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
OURS = sorted(ROOT.glob("contracts/*.odcs.yaml"))
CONTRACTS = [*OURS, *sorted(ROOT.glob("quarantine_examples/*/*.odcs.yaml"))]
COMMAND = shutil.which("datacontract")

pytestmark = pytest.mark.skipif(
    COMMAND is None, reason="datacontract is not on the PATH: pip install 'datacontract-cli[duckdb]'"
)


def datacontract(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert COMMAND
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


LINT = """
import json, sys
from datacontract.data_contract import DataContract
runs = {file: DataContract(data_contract_file=file).lint() for file in sys.argv[1:]}
print(json.dumps({file: [run.result.value, *(check.reason for check in run.checks)] for file, run in runs.items()}))
"""


def test_lint_accepts_ours_and_refuses_what_odcs_does_not_know(tmp_path: Path):
    """In one process of that tool, most of whose time goes into its start."""
    assert COMMAND
    wrong = tmp_path / "orders.odcs.yaml"
    text = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("logicalType: date", "logicalType: day"), encoding="utf-8")
    command = [str(Path(COMMAND).resolve().with_name("python")), "-c", LINT, *map(str, [*CONTRACTS, wrong])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (last,) = done.stdout.splitlines()[-1:]
    results: dict[str, list[str]] = json.loads(last)
    assert len(results) == len(CONTRACTS) + 1
    assert {file for file, (result, *_) in results.items() if result != "passed"} == {str(wrong)}, results
    assert "logicalType" in str(results[str(wrong)])


def published(contract: Path, folder: Path) -> dict[str, Any]:
    """The contract with a lake in this folder, where the sample of the contract has been published."""
    document = yaml.safe_load(contract.read_text(encoding="utf-8"))
    lake = {"server": "datalake", "type": "local", "format": "parquet", "path": f"{folder}/lake/{{model}}/**/*.parquet"}
    document["servers"] = [lake]
    (sample,) = contract.parent.glob(contract.name.replace(".odcs.yaml", ".sample.*"))
    command = [sys.executable, "-c", "from etl.cli import main; main()", "run", str(sample)]
    options = ["--contract", str(write(document, folder)), "--quarantine", str(folder / "quarantine")]
    done = subprocess.run([*command, *options, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "published"
    return document


def write(document: dict[str, Any], folder: Path) -> Path:
    path = folder / "contract.odcs.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def judged(contract: Path) -> tuple[int, dict[str, list[str]]]:
    """The exit code of `datacontract test`, and its checks by their result."""
    report = contract.parent / "report.json"
    done = datacontract("test", contract, "--server", "datalake", "--output-format", "json", "--output", report)
    assert report.exists(), done.stdout + done.stderr
    results: dict[str, list[str]] = {}
    for check in json.loads(report.read_text(encoding="utf-8"))["checks"]:
        results.setdefault(check["result"], []).append(f"{check['model']}.{check['field']}: {check['name']}")
    return done.returncode, results


@pytest.mark.parametrize("contract", OURS, ids=lambda path: path.name)
def test_the_lake_passes_the_test_of_its_contract(contract: Path, tmp_path: Path):
    document = published(contract, tmp_path)
    code, results = judged(write(document, tmp_path))
    assert (code, results.keys() - {"passed", "warning"}) == (0, set()), results
    seen = {check.partition(".")[0] for check in results["passed"]}
    assert seen >= {table["name"] for table in document["schema"]}


def test_another_contract_fails_it(tmp_path: Path):
    document = published(ROOT / "contracts/orders.odcs.yaml", tmp_path)
    quantity = next(column for column in document["schema"][0]["properties"] if column["name"] == "quantity")
    quantity["logicalTypeOptions"]["maximum"] = 1
    code, results = judged(write(document, tmp_path))
    assert code != 0
    assert [check for check in results["failed"] if "quantity" in check] == results["failed"]
