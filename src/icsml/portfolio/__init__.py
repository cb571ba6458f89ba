"""Sources of rows: the synthetic portfolio and imported tables; and their splits."""
