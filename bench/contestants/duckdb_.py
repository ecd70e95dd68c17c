"""DuckDB, unchecked: reads NDJSON under given types and writes partitioned Parquet. Whatever does not fit is rounded or
ends it; nothing is judged, split or explained.

    python bench/contestants/duckdb_.py SOURCE FOLDER
"""

import sys

import duckdb

SOURCE, FOLDER = sys.argv[1:]

duckdb.execute(
    f"""
COPY (
    SELECT order_id, order_date, total_amount, customer.customer_id AS customer_id, customer.name AS customer_name,
           customer.email AS email, customer.address AS address, product.product_id, product.name AS product_name,
           product.category, product.price, product.quantity
    FROM (SELECT *, unnest(products) AS product FROM read_json($source, format = 'newline_delimited', columns = {{
        order_id: 'BIGINT', order_date: 'DATE', total_amount: 'DECIMAL(12,2)',
        customer: 'STRUCT(customer_id BIGINT, name VARCHAR, email VARCHAR, address VARCHAR)',
        products: 'STRUCT(product_id VARCHAR, name VARCHAR, category VARCHAR, price DECIMAL(12,2), quantity BIGINT)[]'
    }}))
) TO '{FOLDER}' (FORMAT parquet, PARTITION_BY (order_date), COMPRESSION zstd)
""",
    {"source": SOURCE},
)
