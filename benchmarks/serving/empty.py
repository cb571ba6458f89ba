"""The least that FastAPI does: an endpoint that answers a constant, behind the server of icsml."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/")
async def empty() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), access_log=False, server_header=False, proxy_headers=False, log_level="critical"
    )
