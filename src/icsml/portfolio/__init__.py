"""Where rows come from: the synthetic portfolio, imported tables, and how rows are split."""
