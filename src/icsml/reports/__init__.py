"""Pages that open offline: one HTML file each, in each language, with nothing fetched."""
