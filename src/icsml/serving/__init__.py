"""The HTTP service: app factory, keys, limits, problem+json; the only room that knows FastAPI."""
