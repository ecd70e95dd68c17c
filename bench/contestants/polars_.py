"""Polars with dataframely: typed, judged, good rows split from bad ones, and both written. Money passes through floats;
keys that come twice, unknown fields, and where in the document a value stood are not seen; a value of another type ends
it, so that it can only be timed on clean input.

    python bench/contestants/polars_.py SOURCE FOLDER
"""

import sys
from pathlib import Path

import dataframely as dy
import polars as pl

SOURCE, FOLDER = sys.argv[1:]
TEXT, WHOLE, MONEY = pl.String, pl.Int64, pl.Float64
CUSTOMER = pl.Struct({"customer_id": WHOLE, "name": TEXT, "email": TEXT, "address": TEXT})
PRODUCT = pl.Struct({"product_id": TEXT, "name": TEXT, "category": TEXT, "price": MONEY, "quantity": WHOLE})
PRODUCTS = pl.List(PRODUCT)
ORDER = {"order_id": WHOLE, "order_date": TEXT, "total_amount": MONEY, "customer": CUSTOMER, "products": PRODUCTS}


class Orders(dy.Schema):
    """The rules of contracts/orders.odcs.yaml that dataframely has words for."""

    order_id = dy.Int64(primary_key=True, min=1)
    order_date = dy.Date(nullable=False)
    total_amount = dy.Decimal(12, 2, nullable=False, min=0)
    customer_id = dy.Int64(nullable=False, min=1)
    customer_name = dy.String(nullable=False)
    email = dy.String(nullable=True, regex=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    address = dy.String(nullable=True)
    product_id = dy.String(primary_key=True)
    product_name = dy.String(nullable=False)
    category = dy.String(nullable=False)
    price = dy.Decimal(12, 2, nullable=False, min=0)
    quantity = dy.Int64(nullable=False, min=1)

    @dy.rule()
    def total_covers_price(cls) -> pl.Expr:  # noqa: N805  dataframely's own form
        return pl.col("total_amount") >= pl.col("price")


customer, product = pl.col("customer").struct.field, pl.col("products").struct.field
rows = (
    pl.scan_ndjson(SOURCE, schema=ORDER)
    .explode("products")
    .select(
        "order_id",
        pl.col("order_date").str.to_date(),
        pl.col("total_amount").cast(pl.Decimal(12, 2)),
        customer("customer_id"),
        customer("name").alias("customer_name"),
        customer("email"),
        customer("address"),
        product("product_id"),
        product("name").alias("product_name"),
        product("category"),
        product("price").cast(pl.Decimal(12, 2)),
        product("quantity"),
    )
    .collect()
)
good, failures = Orders.filter(rows)
by_day = pl.PartitionBy(f"{FOLDER}/lake", key="order_date", include_key=False)
good.write_parquet(by_day, compression="zstd", mkdir=True)
Path(FOLDER, "quarantine").mkdir(parents=True)
failures.write_parquet(f"{FOLDER}/quarantine/rejected.parquet")
