"""Recourse: fields a firm can act on, actions that better the answer, and whether another model would agree."""
