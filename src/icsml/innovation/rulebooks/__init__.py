"""Rulebooks as data: what an edition says, how it is read, and what it can get wrong."""
