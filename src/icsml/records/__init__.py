"""What an enterprise-year, an outcome and a decision are: one definition, many forms."""
