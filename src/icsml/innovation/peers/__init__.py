"""Peer tables: distribution of a population's values by group."""
