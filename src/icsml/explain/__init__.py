"""Explanations: contributions that add up to a PD, in log-odds and in score points."""
