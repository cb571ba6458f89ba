"""Texts: labels in several languages, and the catalogue of texts."""
