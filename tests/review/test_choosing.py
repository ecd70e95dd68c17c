"""WHICH: the words of the command line, and the folders they mean."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from etl.commit import states
from etl.errors import UsageError
from etl.records import digest
from etl.review import folders
from etl.review.choosing import chosen
from etl.storage import MemoryStorage
from tests.review.quarantines import MORNING, OUTPUTS, Counting, example, many, ran

ROOTS = ("/quarantine/",)
ONE = digest(b"/in/orders.json")


@pytest.fixture
def storage() -> Counting:
    """An upload that was replaced by another bad one, and two more uploads."""
    storage = Counting()
    ran(storage, example("wrong-type"))
    ran(storage, example("bad-email"), arrival=MORNING + timedelta(hours=1))
    ran(storage, example("wrong-type"), "/in/more.json")
    ran(storage, example("wrong-type"), "s3://orders/in/far.json")
    return storage


def names(found):
    return sorted(one.location.rsplit("/", 2)[1] for one in found)


def folder_of(storage, upload_id, state="open"):
    (found,) = (one for one in folders(OUTPUTS.quarantine, storage) if (one.upload_id, one.state) == (upload_id, state))
    return found


def test_a_folder_is_meant_by_itself_and_by_what_is_in_it(storage):
    old = folder_of(storage, ONE, "superseded")
    for which in (old.location, old.location.rstrip("/"), f"{old.location}report.json", f"{old.location}states/x"):
        storage.calls.clear()
        assert chosen([which], lambda: (), storage) == [old]
        assert storage.calls == {"list": 1}


@pytest.mark.parametrize("which", ["/in/orders.json", "/in/../in/orders.json", ONE, ONE[:4], f"{ONE}-"])
def test_an_upload_is_its_folder_that_stands(storage, which):
    if which.endswith("-"):
        which = folder_of(storage, ONE).location.rstrip("/").rsplit("/", 1)[1][:20]
    assert chosen([which], lambda: ROOTS, storage) == [folder_of(storage, ONE)]


def test_an_upload_is_meant_by_a_path_from_here(storage):
    assert chosen([os.path.relpath("/in/orders.json")], lambda: ROOTS, storage) == [folder_of(storage, ONE)]


def test_an_upload_on_s3(storage):
    assert len(chosen(["s3://orders/in/far.json"], lambda: ROOTS, storage)) == 1


def test_all_are_those_that_wait(storage):
    standing = folder_of(storage, ONE)
    states.append(standing.location, "partly_resolved", "ana", MORNING, storage)
    done = folder_of(storage, digest(b"/in/more.json"))
    states.append(done.location, "dismissed", "ana", MORNING, storage)
    far = folder_of(storage, digest(b"s3://orders/in/far.json"))
    assert names(chosen(["all"], lambda: ROOTS, storage)) == names([standing, far])


def test_each_is_meant_once_and_the_quarantine_listed_once(storage):
    storage.calls.clear()
    found = chosen(["/in/orders.json", "/in/more.json", ONE, "all"], lambda: ROOTS, storage)
    assert len(found) == len({one.location for one in found}) == 3
    assert storage.calls == {"list": 1}


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("/in/none.json", "/in/none.json: neither an upload of this location .* is in /quarantine/; .*list"),
        ("s3://orders/none", "s3://orders/none: neither"),
        ("0123456789abcdef", "0123456789abcdef: neither"),
        ("", "found nothing"),
        ("-", "standard input lies nowhere"),
        ("/quarantine/orders/2024-01-10/0123456789abcdef-0123456789abcdef/", "no report's folder is here"),
        ("\udcff", "neither"),
        ("*", "neither"),
    ],
)
def test_what_is_not_there_is_said(storage, which, words):
    with pytest.raises(UsageError, match=words):
        chosen([which], lambda: ROOTS, storage)


def test_without_a_quarantine_nothing_is_found():
    with pytest.raises(UsageError, match="is in no quarantine"):
        chosen(["/in/orders.json"], lambda: (), MemoryStorage())


def test_a_beginning_of_several_names_them(storage):
    many(3000, storage, ran(MemoryStorage(), example("wrong-type")), bad="/quarantine/")
    ids = [one.upload_id for one in folders("/quarantine/", storage)]
    shared = next(one[:4] for one in ids if sum(other.startswith(one[:4]) for other in set(ids)) > 1)
    with pytest.raises(UsageError, match=f"{shared}: several begin so: {shared}.*give more of the name"):
        chosen([shared], lambda: ROOTS, storage)


def test_of_an_upload_that_was_replaced_by_a_good_one_the_folder_can_still_be_named(storage):
    ran(storage, example("wrong-type").replace(b'"one"', b"1").replace(b'"29,90"', b"29.90"), "/in/more.json",
        MORNING + timedelta(hours=1))  # fmt: skip
    gone = folder_of(storage, digest(b"/in/more.json"), "superseded")
    with pytest.raises(UsageError, match=f"has replaced it; to look at it, name its folder: {gone.location}"):
        chosen(["/in/more.json"], lambda: ROOTS, storage)
    name = gone.location.rstrip("/").rsplit("/", 1)[1]
    assert chosen([name], lambda: ROOTS, storage) == [gone]
