"""Points of enterprises by a rulebook, and figures about them."""
