"""The service for any ASGI server: `uvicorn --app-dir serving asgi:app`, with ICSML_BUNDLE set."""

from icsml.serving.app import app_from_settings

app = app_from_settings()
