"""Recommended lists: who is on one and who is not, and why."""
