"""The harness itself: what it says of functions that are made wrong on purpose."""

from pathlib import Path

import pytest

from tests.runtime.sandbox import deployed


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("def run(event, context): return {1, 2}", "Runtime.MarshalError", "set is not JSON serializable"),
        ("def run(event, context): raise ValueError('wrong')", "ValueError", "wrong"),
        ("import nothing_of_that_name", "Runtime.ImportModuleError", "No module named 'nothing_of_that_name'"),
        ("def run(event", "Runtime.UserCodeSyntaxError", "was never closed"),
        ("run = 1 / 0", "ZeroDivisionError", "division by zero"),
        ("def walk(event, context): pass", "Runtime.HandlerNotFound", "Handler 'run' missing"),
        ("import os\ndef run(event, context): os._exit(3)", "Runtime.ExitError", "exit status 3"),
        ("import os\ndef run(event, context): os.kill(os.getpid(), 9)", "Runtime.ExitError", "signal: SIGKILL"),
        ("import time\ndef run(event, context): time.sleep(600)", "Sandbox.Timedout", "Task timed out"),
    ],
)
def test_a_failure_is_told_by_its_kind(source: str, kind: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(source, encoding="utf-8")
    with deployed(tmp_path, handler="wrong.run", root=tmp_path, timeout=2) as function:
        for _ in range(2):  # the failure of one invocation is not the next one's
            found = function({}).error
            assert found[0] == kind
            assert message in found[1]


COUNT = """
import os, time
count = 0
print("init")
def run(event, context):
    global count
    count += 1
    print(event, flush=True)
    if event == "late":
        time.sleep(600)
    return [count, context.function_name, context.aws_request_id, 0 < context.get_remaining_time_in_millis() <= 2000]
"""


def test_a_sandbox_is_kept_warm_and_replaced_after_it_was_killed(tmp_path: Path) -> None:
    (tmp_path / "count.py").write_text(COUNT, encoding="utf-8")
    with deployed(tmp_path, handler="count.run", root=tmp_path, timeout=2) as function:
        calls = [function(event) for event in ("a", "b", "late", "c")]
    assert [call.printed.split() for call in calls] == [["init", "a"], ["b"], ["late"], ["init", "c"]]
    answered = [(call, count) for call, count in zip(calls, [1, 2, None, 1], strict=True) if count]
    assert [call.payload for call, _ in answered] == [[count, "etl", call.request_id, True] for call, count in answered]
    assert calls[2].error[0] == "Sandbox.Timedout"
