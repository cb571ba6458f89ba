"""Shared by all packages: canonical bytes, clock, paths, YAML with line numbers."""
