"""Good orders of three feeds: the shop's own (contracts/orders.odcs.yaml), the same orders with something to convert in
every value that can have it (bench/converting.odcs.yaml), and the marketplace's (contracts/marketplace.odcs.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

# --- the shop's own ---------------------------------------------------------------------------------------------------

_FIRST = ("Ana", "João", "Beatriz", "Téo", "Luísa", "Davi", "Inês", "Caetano", "Rosa", "Otávio", "Kofi", "Søren")
_LAST = ("Lima", "Conceição", "Nogueira", "Martins", "Prado", "Carvalho", "Mensah", "Kayabi", "Østergård", "Tavares")
_STREETS = ("Rua da Aurora", "Avenida Boa Viagem", "Rua das Laranjeiras", "Ladeira da Misericórdia", "Rua do Porto")
_PLACES = ("Boa Vista, Recife - PE", "Laranjeiras, Rio de Janeiro - RJ", "Carmo, Olinda - PE", "Campina, Belém - PA")
_THINGS = (
    ("Electronics", "Teclado mecânico"),
    ("Furniture", "Cadeira ergonômica"),
    ("Groceries", "Café em grãos"),
    ("Stationery", "Caderno pautado"),
    ("Sports", "Mochila impermeável"),
)
_TRAITS = ("com acabamento reforçado", "da linha profissional", "em embalagem econômica", "de edição limitada")
_PRODUCTS = 2000
_QUANTITIES = 5  # from 1


@dataclass(frozen=True, slots=True)
class Order:
    """A good order as JSON text on one line, and how many product lines it has."""

    text: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A product line as JSON text, and what it costs."""

    text: bytes
    cents: int


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _customer(number: int, random: Random) -> bytes:
    name = f"{random.choice(_FIRST)} {random.choice(_LAST)} {random.choice(_LAST)}"
    email = "null" if number % 30 == 0 else f'"customer.{number:05d}@example.com"'
    street = f"{random.choice(_STREETS)} {random.randint(1, 2500)}, ap. {random.randint(11, 199)}"
    address = f'"{street}, {random.choice(_PLACES)}, {random.randint(50000, 59999)}-000"'
    address = "null" if number % 50 == 0 else address
    return f'{{"customer_id": {number}, "name": "{name}", "email": {email}, "address": {address}}}'.encode()


def _lines(number: int, random: Random) -> list[_Line]:
    """The lines that one product can make, by quantity."""
    cents = random.randint(100, 50_000)
    category, thing = random.choice(_THINGS)
    product = f'"product_id": "P{number:06d}", "name": "{thing} {random.choice(_TRAITS)}", "category": "{category}"'
    return [
        _Line(f'{{{product}, "price": {_money(cents)}, "quantity": {quantity}}}'.encode(), cents * quantity)
        for quantity in range(1, _QUANTITIES + 1)
    ]


def good_orders(seed: int) -> Iterator[Order]:
    """Good orders without end, numbered from 1; the parts they share are made once."""
    random = Random(seed)  # the same on every machine: Python keeps its sequences
    customers = [_customer(number, random) for number in range(1, 5001)]
    lines = [line for number in range(1, _PRODUCTS + 1) for line in _lines(number, random)]
    for number in count(1):
        customer = customers[int(random.random() * 5000)]
        start = int(random.random() * len(lines))
        step = _QUANTITIES * (1 + number % 97) + number % 3  # never twice the same product, nor always its neighbour
        chosen = [lines[(start + i * step) % len(lines)] for i in range(1 + int(random.random() * 4))]
        total = int(random.random() * 5000) + sum(line.cents for line in chosen)  # with shipping
        date = b"2024-01-%02d" % (1 + int(random.random() * 30))
        yield Order(
            b'{"order_id": %d, "order_date": "%b", "total_amount": %d.%02d, "customer": %b, "products": [%b]}'
            % (number, date, total // 100, total % 100, customer, b", ".join([line.text for line in chosen])),
            len(chosen),
        )


# --- the same, to be converted ----------------------------------------------------------------------------------------

_CENTS = re.compile(rb'"total_amount": (\d+)\.(\d\d)')
_AS_TEXT = re.compile(rb'("order_id": |"customer_id": |"price": |"quantity": )([0-9.]+)')
_PRODUCT = re.compile(rb'"product_id": "P0*(\d+)"')
_DAY = re.compile(rb'"order_date": "([0-9-]+)"')
_EXPORTED = 1_706_800_000_000  # in February 2024, when the month had passed


def converting_orders(seed: int) -> Iterator[Order]:
    """Numbers are text, numbers stand where text is asked for, money is integer cents, times have offsets or count
    milliseconds."""
    for number, order in enumerate(good_orders(seed)):
        times = rb'"exported_at": %d, "ordered_at": "\1T21:%02d:00-03:00"' % (_EXPORTED + number, number % 60)
        text = _AS_TEXT.sub(rb'\1"\2"', _CENTS.sub(_cents, order.text))
        yield Order(_DAY.sub(times, _PRODUCT.sub(rb'"product_id": \1', text)), order.lines)


def _cents(found: re.Match[bytes]) -> bytes:
    return b'"total_cents": %d' % int(found[1] + found[2])


# --- the marketplace's ------------------------------------------------------------------------------------------------

_METHODS = ("pix", "card", "boleto", "balance")


def _item(number: int, random: Random) -> list[_Line]:
    """The lines that one offer can make, by quantity; each with one tax."""
    cents = random.randint(100, 50_000)
    offer = f'"sku": "P{number:06d}", "title": "{random.choice(_THINGS)[1]} {random.choice(_TRAITS)}"'
    rest = f'"unit_price_cents": {cents}, "weight_kg": {random.randint(1, 20)}.5, "gift_wrapped": false'
    found = []
    for quantity in range(1, _QUANTITIES + 1):
        tax = f'{{"code": "ICMS", "rate": "0.18", "amount": "{_money(cents * quantity * 18 // 100)}"}}'
        text = f'{{{offer}, "quantity": {quantity}, {rest}, "taxes": [{tax}]}}'
        found.append(_Line(text.encode(), cents * quantity))
    return found


def _buyer(number: int, random: Random) -> bytes:
    name = f"{random.choice(_FIRST)} {random.choice(_LAST)} {random.choice(_LAST)}"
    return f'{{"full_name": "{name}", "email": "Buyer.{number:05d}@relay.example.com", "company": null}}'.encode()


def marketplace_orders(seed: int) -> Iterator[Order]:
    """One tax a line and one payment an order: four tables, and three times the rows of the shop's own."""
    random = Random(seed)
    buyers = [_buyer(number, random) for number in range(1, 5001)]
    items = [item for number in range(1, _PRODUCTS + 1) for item in _item(number, random)]
    for number in count(1):
        chosen = [items[int(random.random() * len(items))] for _ in range(1 + int(random.random() * 4))]
        amount = _money(sum(item.cents for item in chosen)).encode()
        time = b"2024-01-%02dT%02d:%02d" % (1 + int(random.random() * 30), number % 24, number % 60)
        yield Order(
            b'{"id": %d, "created_at": "%b:07.125-03:00", "status": "PAID", "seller": {"id": %d}, "buyer": %b, '
            b'"coupon": "", "tags": ["gift", "express"], "utm-source": "newsletter", "delivery": {"promised_until": '
            b'"2024-03-15T18:00:00", "packages": [{"tracking_code": "VR%09dBR"}], "drop_point": {"latitude": -8.0631, '
            b'"longitude": -34.8711}}, "totals": {"items": "%b", "paid": "%b"}, "line_items": [%b], "payments": '
            b'[{"id": "5b0d9a52-8f0e-4f0c-9c39-%012x", "method": "%b", "amount": "%b", "installments": null, '
            b'"approved_at": %d}], "metadata": {"app": "gift-notes"}}'
            % (
                9_007_199_254_740_993_000 + number,
                time,
                4_400_000_000_000_000_000 + number % 1000,
                buyers[int(random.random() * 5000)],
                number,
                amount,
                amount,
                b", ".join([item.text for item in chosen]),
                number,
                _METHODS[number % 4].encode(),
                amount,
                _EXPORTED + number,
            ),
            len(chosen),
        )


FEEDS: dict[str, Callable[[int], Iterator[Order]]] = {
    "orders": good_orders,
    "converting": converting_orders,
    "marketplace": marketplace_orders,
}
