"""The plain way, as tutorials have it: json.loads, json_normalize, to_parquet. Numbers are floats, nothing is judged.

python bench/contestants/pandas_.py SOURCE FOLDER
"""

import json
import sys
from pathlib import Path

import pandas as pd

SOURCE, FOLDER = sys.argv[1:]
OF_CUSTOMER = ("customer_id", "name", "email", "address")
META = ["order_id", "order_date", "total_amount", *(["customer", name] for name in OF_CUSTOMER)]

with Path(SOURCE).open(encoding="utf-8") as lines:
    orders = [json.loads(line) for line in lines]
rows = pd.json_normalize(orders, record_path="products", meta=META)
rows["order_date"] = pd.to_datetime(rows["order_date"]).dt.date
rows["total_amount"] = rows["total_amount"].astype(float)
rows.to_parquet(FOLDER, partition_cols=["order_date"], compression="zstd")
