"""Recourse: actionable fields, actions for a better result, and whether another model would agree."""
