"""Rulebooks as data: schema, reading and checks."""
