"""Definitions of an enterprise-year, an outcome and a decision: one definition, many forms."""
