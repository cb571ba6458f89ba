"""Faults of rulebooks that fit the schema, one kind per module."""
