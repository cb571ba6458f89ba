"""What a change of rules does: to the rules themselves and to a population."""
