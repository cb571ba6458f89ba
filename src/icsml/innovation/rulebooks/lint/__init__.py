"""What a rulebook that fits the schema can still get wrong, one kind a module."""
