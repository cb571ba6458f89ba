"""Scoring of many rows, streamed from Parquet to Parquet."""
