"""The decision: pure functions from a record and a bundle to an assessment."""
