"""Reading tables: csv, Excel and Parquet become Arrow tables of exact types, before anything is inferred."""
