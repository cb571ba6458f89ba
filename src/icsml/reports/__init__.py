"""Pages that open offline: one HTML file each, in English or Chinese, with nothing fetched."""
