"""The models of bench/scale.py: they say what was measured, lose nothing on the way, and README says what they say."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import aws
import engines
import pytest
import scale
import tables
import uploads
from bill import GIB
from hypothesis import given
from hypothesis import strategies as st
from uploads import Shape
from waiting import EVEN, NIGHT, SHOP, arrivals, needed, wait

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
MEASURED = uploads.measured()
BASE = uploads.fitted(MEASURED)
MIXES = [*tables.MIXES, tables.PACKED]
SHAPES = [*tables.LIVE, *(shape for _, shape in MIXES)]
PLANS = [plan for number, shape in MIXES for plan in tables.plans(BASE, number, shape)]
NAMES = {"reads": ("GetObject", "HeadObject"), "lists": ("ListObjectsV2",), "deletes": ("DeleteObjects",)}
PUTS = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CopyObject")


def counted(requests: dict[str, int]) -> uploads.Requests:
    """What a server was asked, by the model's kinds; every kind is one of them."""
    kinds = {**NAMES, "puts": PUTS}
    assert set(requests) <= {name for names in kinds.values() for name in names}
    return uploads.Requests(**{kind: sum(requests.get(name, 0) for name in names) for kind, names in kinds.items()})


# What was measured.


@pytest.mark.parametrize("run", MEASURED["runs"], ids=lambda run: f"{run['orders']}-{run['days']}-{run['bad']}")
def test_requests_are_those_that_were_counted(run: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "BROKEN", 1 if run["bad"] else 0)
    shape = Shape("", run["stored"] / 1e6, run["plain"] / 1e6, run["days"])
    assert BASE.requests(shape) == counted(run["requests"])


@pytest.mark.parametrize("run", MEASURED["runs"], ids=lambda run: f"{run['orders']}-{run['days']}-{run['bad']}")
def test_the_lines_go_through_what_was_measured(run: dict) -> None:
    assert uploads.line(BASE, run) == pytest.approx(run["seconds"], rel=0.35)


def test_a_backfill_asks_what_was_counted() -> None:
    asked, again = BASE.requests(tables.TINY), BASE.requests(tables.TINY, backfill=True)
    more = uploads.Requests(*(b - a for a, b in zip(asked, again, strict=True)))
    assert more == counted(MEASURED["passing"]["new"])


# What it costs.


def test_a_million_orders_cost_what_readme_says_of_them() -> None:
    """`1,000 uploads of 1,000 orders`, 1% broken, on 30 days: bench/cost.py counts them, this model computes them."""
    shape = Shape("", 1000 / BASE.orders, 1000 / BASE.orders, 30)
    plan = engines.queued(BASE, shape, 1000, tables.DEFAULT)
    (lambdas,) = re.findall(r"1,000 x ([0-9.]+) s x 2 GB", README)
    writes, reads, cents = re.findall(r"\| S3 \| ([0-9,]+) writes, ([0-9,]+) reads: ([0-9.]+) cents", README)[0]
    asked = BASE.requests(shape)
    assert plan.one == pytest.approx(float(lambdas), rel=0.35)
    assert 1000 * asked.billed == pytest.approx(float(writes.replace(",", "")), rel=1e-4)
    assert 1000 * asked.reads == float(reads.replace(",", ""))
    assert 100 * plan.dollars("requests") == pytest.approx(float(cents), abs=0.06)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.engine}-{plan.at_once}-{plan.shape.name}")
def test_a_bill_is_the_sum_of_its_kinds(plan: engines.Plan) -> None:
    kinds = [plan.dollars(kind) for kind in ("computing", "requests", "others")]
    assert plan.dollars() == pytest.approx(sum(kinds))
    asked = BASE.requests(plan.shape, backfill=True)
    requests = asked.billed * aws.WRITE + asked.reads * aws.READ
    listed = plan.uploads / aws.S3_LISTED * aws.WRITE
    assert plan.dollars("requests") == pytest.approx(plan.uploads * requests + listed)


@pytest.mark.parametrize(("number", "shape"), MIXES, ids=lambda value: getattr(value, "name", value))
def test_every_mix_is_10_tb(number: int, shape: Shape) -> None:
    assert number * shape.plain == 1e7  # MB


def test_by_hand() -> None:
    """Round figures: 1,000 uploads that take a second of processor, and no time for S3's sake."""
    base = replace(BASE, upload=1, file=0, megabyte=0, quarantine=0, rejected=0, starting=0)
    shape = Shape("", 0, 0)
    local = engines.local(base, shape, 1000, 10)
    asked = 7  # 2 GET, LIST, 3 PUT, DELETE; no order is broken where there is none
    assert local.one == pytest.approx(1 + asked * aws.LATENCY + base.output(shape) / aws.TRANSFER)
    assert local.seconds == pytest.approx(1000 * local.one / 10 + aws.LISTING + base.listing)
    assert local.dollars("computing") == pytest.approx(local.seconds / 3600 * aws.MACHINE_HOUR)
    glue = engines.spark(base, shape, 1000, 12, "Glue")
    assert glue.dollars("computing") == pytest.approx(4 * glue.seconds / 3600 * aws.DPU_HOUR)  # 12 and the driver's 4
    mapped = engines.mapped(base, shape, 1000, 10)
    assert mapped.dollars("computing") == pytest.approx(1000 * (local.one * GIB * aws.GIB_SECOND + aws.INVOCATION))


# More is more.


@pytest.mark.parametrize("engine", ["queued", "mapped", "local"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_more_at_once_is_never_slower(engine: str, shape: Shape) -> None:
    run = getattr(engines, engine)
    times = [run(BASE, shape, 100_000, at_once).seconds for at_once in (2, 10, 32, 100, 1000, 10_000)]
    assert all(later <= earlier for earlier, later in pairwise(times))


@given(st.floats(0.001, 5000), st.integers(1, 500), st.floats(1.01, 3), st.integers(1, 500))
def test_larger_uploads_and_more_days_cost_more(megabytes: float, days: int, times: float, further: int) -> None:
    small = Shape("", megabytes, megabytes, days)
    for more in (Shape("", megabytes * times, megabytes * times, days), replace(small, days=days + further)):
        assert BASE.computing(more) > BASE.computing(small)
        assert BASE.output(more) > BASE.output(small)
    assert BASE.requests(replace(small, days=days + further)).reads == BASE.requests(small).reads


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.engine}-{plan.at_once}-{plan.shape.name}")
def test_the_limit_is_met_where_it_is_said_to_be(plan: engines.Plan) -> None:
    chosen = plan.limits[0].rate / plan.at_once  # of each function, process, processor
    assert chosen * plan.reached() == pytest.approx(plan.first.rate)
    assert engines.pace(plan.limits) <= plan.limits[0].rate


# How they wait.


@pytest.mark.parametrize("day", [EVEN, SHOP, NIGHT], ids=["even", "shop", "night"])
def test_a_day_has_all_its_uploads(day: tuple[int, ...]) -> None:
    assert sum(arrivals(day, 1_000_000)) == pytest.approx(1_000_000)
    assert len(arrivals(day, 1)) == 24 * 60


@pytest.mark.parametrize("day", [EVEN, SHOP, NIGHT], ids=["even", "shop", "night"])
@given(seconds=st.floats(0.1, 100), at_once=st.integers(1, 1000))
def test_what_comes_is_done_or_waits(day: tuple[int, ...], seconds: float, at_once: int) -> None:
    found = wait(day, 100_000, seconds, at_once, days=2)
    able = 2 * 86_400 * at_once / seconds
    assert found.left >= max(200_000 - able, 0) - 1e-3
    assert found.left <= found.most + 1e-3
    assert found.most <= 200_000 + 1e-3


def test_what_comes_faster_than_it_is_done_is_left() -> None:
    found = wait(EVEN, 86_400, 20, 10, days=1)  # one a second comes, half of one is done, after ten have begun
    assert found.left == pytest.approx(43_200, rel=0.01)
    assert found.longest == pytest.approx(43_200, rel=0.01)
    assert wait(EVEN, 86_400, 4, 10, days=1).longest == 0


@pytest.mark.parametrize("day", [EVEN, SHOP, NIGHT], ids=["even", "shop", "night"])
def test_with_as_many_as_are_needed_nothing_waits_long(day: tuple[int, ...]) -> None:
    enough = int(needed(day, 1_000_000, 0.4)) + 1
    assert wait(day, 1_000_000, 0.4, enough).longest <= 120  # Lambda takes a moment to have them
    assert wait(day, 1_000_000, 0.4, enough).left == pytest.approx(0, abs=1e-3)


# What is said of it.


def test_the_page_is_what_the_models_say() -> None:
    """After a change: make scale, or python bench/scale.py, which measures nothing."""
    assert scale.PAGE.read_text(encoding="utf-8") == scale.page(BASE, MEASURED)


def test_readme_has_the_most_important_rows() -> None:
    assert tables.summary(BASE) in README


def test_the_function_is_the_one_that_is_deployed() -> None:
    defaults = dict(
        re.findall(
            r"^  (\w+):\n    Description: [^\n]*(?:\n      [^\n]*)*\n    Type: Number\n    Default: (\d+)",
            TEMPLATE,
            re.M,
        )
    )
    assert int(defaults["MaximumConcurrency"]) == tables.DEFAULT
    assert int(defaults["MemorySize"]) == GIB * 1024
    assert (int(defaults["Timeout"]), int(defaults["EphemeralStorage"])) == tables.DEPLOYED
