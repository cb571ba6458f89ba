"""Who asks: the key of a request, its limit, and what the log says of both."""

from __future__ import annotations

from fastapi import Request

from icsml.serving.keys import Caller, KeyStore, RefusedKeyError
from icsml.serving.rate_limit import RateLimits

__all__ = ["admit"]


def admit(request: Request, keys: KeyStore, key: str | None) -> Caller:
    """Return the caller of a request, and note tenant and key in its state for the log.

    Parameters
    ----------
    request : Request
        The request; ``app.state.rate_limits`` of its application holds the limits.
    keys : KeyStore
        Who may ask.
    key : str, optional
        The key that was sent.

    Raises
    ------
    RefusedKeyError
        401 for a key that lets nobody in; why is noted for the log alone.
    RequestError
        429 for a key that has made too many requests.
    """
    try:
        caller = keys.authenticate(key)
    except RefusedKeyError as refused:
        request.state.refused, request.state.key_id = refused.why, refused.key_id
        raise
    request.state.tenant, request.state.key_id = caller.tenant, caller.key_id
    limits: RateLimits = request.app.state.rate_limits
    limits.take(caller.key_id)
    return caller
