"""Points of enterprises by a rulebook, and what may be said of them."""
