"""Workflows that combine model, validation and registry, such as training and the demo."""
