"""Data-contract ETL: uploads of nested JSON become a checked Parquet lake and a quarantine that explains itself."""
