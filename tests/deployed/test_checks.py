"""The template under the tools that check templates; and by its text, what the emulator does not try.

The emulator has no metrics of SQS nor of what functions print, no limits of memory or ephemeral storage, no X-Ray, no
lifecycle, no customer managed keys; and of Number parameters it makes texts.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.deployed.emulator import ROOT
from tests.deployment.documents import parsed

TEMPLATE = ROOT / "template.yaml"
SAM, CHECKOV = ROOT / ".venv-sam" / "bin", ROOT / ".venv-checkov" / "bin"
CHECKS = {
    "cfn-lint": [SAM / "cfn-lint"],
    "sam validate": [SAM / "sam", "validate", "--lint", "--region", "us-east-1", "--template-file"],
    "checkov": [CHECKOV / "checkov", "--framework", "cloudformation", "--skip-download", "--output", "json", "--file"],
}


def check(tool: str, template: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(SAM), "HOME": tempfile.gettempdir(), "SAM_CLI_TELEMETRY": "0", "LOG_LEVEL": "ERROR"}
    return subprocess.run([*CHECKS[tool], template], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("tool", CHECKS)
def test_nothing_is_found(tool: str) -> None:
    done = check(tool, TEMPLATE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("tool", "before", "after"),
    [
        ("cfn-lint", "Type: AWS::SNS::Topic", "Type: AWS::SNS::Tropic"),
        ("cfn-lint", "Type: Map\n", "Type: Mop\n"),
        ("sam validate", "Handler: handler.handler", "Handel: handler.handler"),
        ("checkov", "BlockPublicAcls: true", "BlockPublicAcls: false"),
    ],
)
def test_the_tools_would_find_it(tool: str, before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    assert check(tool, path).returncode != 0


def test_each_finding_that_is_not_followed_says_why() -> None:
    skipped = json.loads(check("checkov", TEMPLATE).stdout)["results"]["skipped_checks"]
    reasons = [entry["check_result"]["suppress_comment"] for entry in skipped]
    assert len(reasons) > 5
    assert all(len(reason) > 20 for reason in reasons)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return parsed(TEMPLATE.read_text(encoding="utf-8"))


def test_the_dashboard_shows_metrics_that_there_are(template: dict[str, Any]) -> None:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(re.sub(r"\$\{[A-Za-z.:]+\}", "x", body))["widgets"]
    shown = {*re.findall(r'MetricName=\\"(\w+)\\"', body), *re.findall(r'\["etl", "(\w+)"', body)}  # the stack's name
    assert shown <= set(re.findall(r'"(\w+)"', (ROOT / "handler.py").read_text(encoding="utf-8")))
    assert len(shown) == 5
    assert [widget["type"] for widget in widgets].count("metric") == 5
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)


def test_a_message_outlives_its_tries(template: dict[str, Any]) -> None:
    """A message that fails as late as it can is still there for the last try."""
    queue, most = template["Resources"]["Queue"]["Properties"], template["Parameters"]["RetryAfter"]["MaxValue"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] * most < queue["MessageRetentionPeriod"]
