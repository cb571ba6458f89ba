"""Recommended lists: the firms listed, and the reasons for or against each."""
