"""One upload in a process of its own: the same run, and an outcome whatever happens."""

import pickle
from pathlib import Path

import pytest

from etl import pipeline
from etl.backfill import Feed, Outcome, Task
from etl.backfill.work import Work, _Runs, work
from etl.contract import load
from etl.pipeline import Outputs
from etl.storage import LocalStorage
from tests.backfill.uploads import CONTRACT, tree
from tests.examples import EXAMPLES, contract_of, upload_of


def at(path: Path) -> Task:
    return Task(path.as_posix(), path.stat().st_size if path.exists() else 1, 0)


def outputs(folder: Path) -> Outputs:
    return Outputs(f"{folder}/lake/", f"{folder}/quarantine/")


def sent(contract: object, folder: Path) -> Work:
    """As it comes out at the other end of a pipe."""
    made: Work = pickle.loads(pickle.dumps(work([Feed(contract, outputs(folder))])))  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_contract_that_was_sent_means_the_same(example: Path, tmp_path: Path) -> None:
    upload, out, contract = upload_of(example), tmp_path / "out", contract_of(example)
    report = pipeline.run(upload.as_posix(), contract, LocalStorage(), outputs(out))
    expected = tree(out)
    out.rename(tmp_path / "before")
    outcome = sent(contract, out)(at(upload))
    assert tree(out) == expected
    counts = {name: report["records"][name] for name in ("read", "published", "quarantined", "split")}
    assert outcome == Outcome(at(upload), report["status"], counts)
    assert sent(contract, out)(at(upload)) == Outcome(at(upload), "passed over")
    assert tree(out) == expected


def test_what_fails_says_why(tmp_path: Path) -> None:
    gone = sent(load(CONTRACT), tmp_path)(at(tmp_path / "gone.json"))
    assert (gone.status, gone.again, gone.usage) == ("failed", False, False)
    assert "gone.json: there is no such file" in str(gone.reason)


def test_storage_that_fails_may_be_well_again(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file, where a folder is expected", "utf-8")
    outcome = sent(load(CONTRACT), tmp_path)(at(upload_of(EXAMPLES[0])))
    assert (outcome.status, outcome.again, outcome.usage) == ("failed", True, False)


def test_an_upload_among_the_outputs_is_a_mistake_of_usage(tmp_path: Path) -> None:
    upload = tmp_path / "lake" / "orders.json"
    upload.parent.mkdir()
    upload.write_bytes(b"{}")
    assert sent(load(CONTRACT), tmp_path)(at(upload)).usage


def test_a_bug_says_where_and_not_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("joao@example.com")

    monkeypatch.setattr(pipeline, "run", broken)
    outcome = sent(load(CONTRACT), tmp_path)(at(upload_of(EXAMPLES[0])))
    assert outcome.status == "failed"
    assert "ValueError in test_work.py" in str(outcome.reason)
    assert "joao" not in str(outcome)


def test_contracts_of_another_version_of_etl_are_no_executor_that_died() -> None:
    outcome = _Runs(b"not what this version packs")(Task("s3://shop/orders.json", 1, 0))
    assert (outcome.status, outcome.again) == ("failed", False)
    assert "s3://shop/orders.json: UnpicklingError in work.py" in str(outcome.reason)
