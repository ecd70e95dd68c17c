"""What names of fields say: an id, money, a moment, something about a person.

A name is judged by its words: `billingAddress`, `billing_address` and `Billing-Address` are (billing, address).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from etl.infer.vocabulary import (
    CODES,
    DAY_WORDS,
    HAPPENED,
    HEADS,
    IDS,
    MADE,
    MOMENTS,
    MONEY,
    NAMED,
    NEUTRAL,
    NO_MONEY,
    NUMERIC,
    OF_A_PERSON,
    OTHERS,
    PERSONAL,
    PERSONAL_PAIRS,
    PERSONS,
    PLACES,
    PLURAL_ONLY,
    REFERENCES,
    VAGUE,
    WRITTEN,
)

Words = tuple[str, ...]

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOREIGN = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 400  # characters of a name that are looked at


def snake(name: str) -> str:
    """The name in `snake_case`, of ASCII letters and digits only; empty where nothing is left."""
    return _snake(name[:_LONGEST])


@lru_cache(maxsize=4096)
def _snake(name: str) -> str:
    spelt = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _FOREIGN.sub("_", _BOUNDARY.sub("_", spelt)).strip("_").lower()


def words(name: str) -> Words:
    """The words of a name; digits at their ends don't count (`address1`)."""
    return tuple(bare for word in snake(name).split("_") if (bare := word.rstrip("0123456789")))


def singular(noun: str) -> str:
    """`order` of `orders`, `tax` of `taxes`: good enough to name a column."""
    if set(words(noun)[-1:]) & PLURAL_ONLY:
        return noun
    for plural, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if noun.endswith(plural) and len(noun) > len(plural) + 1:
            return noun.removesuffix(plural) + one
    if noun.endswith(("ss", "us", "is")) or len(noun) < 3:
        return noun
    return noun.removesuffix("s")


def is_own_id(name: str, noun: str) -> bool:
    """Whether a field is its object's own id by its name: `id`, `uuid`; of a `line_item` also `lineItemId`."""
    found = words(name)
    if len(found) == 1:
        return found[0] in IDS
    about = found[:-1]
    own = words(noun)
    return bool(found) and found[-1] in REFERENCES and about in (own, own[-1:])


def is_bare_id(name: str) -> bool:
    """`id` and its like, which say nothing of whose id it is."""
    return len(words(name)) == 1 and words(name)[0] in IDS


def id_rank(names: Sequence[str], noun: str) -> int | None:
    """How much a field of a record looks like the record's key: 0 the most, None not at all."""
    found = words(names[-1])
    if not found or found[-1] not in REFERENCES or not _leads(names):
        return None
    own = is_own_id(names[-1], noun)
    if found[0] in OTHERS and not own:
        return None
    return (0 if own else 1 if found[-1] in IDS else 2) + 3 * (len(names) - 1)


def _leads(names: Sequence[str]) -> bool:
    """Whether a field is the document's own, or of an object that is its head."""
    return len(names) == 1 or (len(names) == 2 and bool(HEADS & set(words(names[0])[-1:])))


def is_money(name: str) -> bool:
    found = set(words(name))
    return bool(found & MONEY) and not found & NO_MONEY


def is_rate(name: str) -> bool:
    """Whether numbers of this name have as many decimals as they need: a share, a weight."""
    return bool(set(words(name)) & NO_MONEY)


def is_numeric(name: str) -> bool:
    """Whether a text of this name may be meant as a number: an amount, a rate."""
    return bool(set(words(name)) & NUMERIC)


def is_code(name: str) -> bool:
    """Whether digits of this name are no number to count with: an id, a version."""
    return bool(set(words(name)[-1:]) & CODES)


def is_reference(name: str) -> bool:
    """Whether a text of this name stands for some thing, of which there are ever more."""
    return bool(set(words(name)[-1:]) & REFERENCES)


def is_vague(name: str) -> bool:
    """Whether a name says nothing of what an array holds: `data`, `list`."""
    return set(words(name)) <= VAGUE


def is_moment(name: str) -> bool:
    """Whether a number of this name may count seconds or milliseconds since 1970."""
    return bool(set(words(name)) & MOMENTS)


def event_rank(names: Sequence[str], noun: str) -> int | None:
    """How much a moment of this name is the one when the event was: 0 the most, None not at all."""
    found = set(words(names[-1]))
    if not found or not _leads(names):
        return None
    about = found - DAY_WORDS
    own, made = HAPPENED | set(words(noun)), MADE
    rank = 2 if not about else 0 if about <= own else 1 if about <= own | made else None
    return None if rank is None else rank + 3 * (len(names) - 1)


def day_name(name: str, noun: str) -> str:
    """`created_day` of `created_at`, `order_day` of an order's `timestamp`."""
    about = [word for word in words(name) if word not in DAY_WORDS]
    return "_".join([*(about or [noun]), "day"])


def is_personal(names: Sequence[str]) -> bool:
    """Whether a field says something about a person, by its own name and those of the objects round it."""
    found = tuple(map(singular, words(names[-1])))
    if any(pair in PERSONAL_PAIRS for name in names for pair in pairwise(map(singular, words(name)))):
        return True
    if set(found[-1:]) & NEUTRAL:
        return False
    around = {singular(word) for name in names[:-1] for word in words(name)}
    in_person = bool((around | set(found)) & PERSONS) and bool(set(found) & OF_A_PERSON)
    return bool(set(found) & PERSONAL or around & PLACES) or in_person


def is_personal_text(name: str) -> bool:
    """Whether a text of this name is a person's, or what one wrote: `cashier`, `created_by`, `notes`."""
    last = set(map(singular, words(name)[-1:]))
    return bool(last & (NAMED | WRITTEN | {"by"}))
