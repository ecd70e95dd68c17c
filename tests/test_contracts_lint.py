"""The contracts are ODCS documents to other tools too: datacontract-cli accepts them as they stand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = sorted([*ROOT.glob("contracts/*.odcs.yaml"), *ROOT.glob("quarantine_examples/*/*.odcs.yaml")])
COMMAND = shutil.which("datacontract")


def _lint(contract: Path) -> subprocess.CompletedProcess[str]:
    assert COMMAND
    return subprocess.run([COMMAND, "lint", str(contract)], capture_output=True, text=True, check=False)


needs_command = pytest.mark.skipif(
    COMMAND is None, reason="datacontract is not on the PATH: pip install datacontract-cli"
)


@needs_command
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_datacontract_lint_accepts(contract: Path):
    result = _lint(contract)
    assert result.returncode == 0, result.stdout + result.stderr


@needs_command
def test_datacontract_lint_refuses_what_odcs_does_not_know(tmp_path: Path):
    contract = tmp_path / "orders.odcs.yaml"
    text = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
    contract.write_text(text.replace("logicalType: date", "logicalType: day"), encoding="utf-8")
    assert _lint(contract).returncode != 0
