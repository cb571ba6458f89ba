"""Peer tables: how the values of a population are spread within its groups."""
