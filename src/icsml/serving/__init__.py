"""The HTTP service: app factory, keys, limits, problem+json; the only package that imports FastAPI."""
