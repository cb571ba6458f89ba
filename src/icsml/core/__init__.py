"""What every room shares: canonical bytes, clock, paths, YAML with line numbers."""
