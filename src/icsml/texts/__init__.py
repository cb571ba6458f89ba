"""Texts: labels in several languages, and the catalogue of what is said in each."""
