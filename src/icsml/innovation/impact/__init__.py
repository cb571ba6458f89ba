"""Impact of a change of rules: on the rules themselves and on a population."""
