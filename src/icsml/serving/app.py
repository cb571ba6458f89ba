"""The application: a factory whose parts are passed in, and the one for a server process."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version as package_version
from pathlib import Path

from fastapi import FastAPI

from icsml.core.clock import Clock, utc_now
from icsml.core.strict_json import JsonObject
from icsml.decision.assess import warm
from icsml.errors import MissingError
from icsml.ledger.store import Ledger
from icsml.model.bundle import Bundle, read_bundle
from icsml.serving.access_log import AccessLog
from icsml.serving.headers import HeaderRules
from icsml.serving.keys import KeyStore, keys_path
from icsml.serving.problems import Problem, install
from icsml.serving.rate_limit import RateLimits
from icsml.serving.routes.assessments import assessments_router
from icsml.serving.routes.batches import batches_router
from icsml.serving.routes.health import health_router
from icsml.serving.service import Service
from icsml.serving.settings import ServingSettings, load_settings

__all__ = ["BUNDLE_VARIABLE", "VERSION_VARIABLE", "app_from_settings", "create_app"]

BUNDLE_VARIABLE = "ICSML_BUNDLE"
VERSION_VARIABLE = "ICSML_MODEL_VERSION"
_DESCRIPTION = (
    "Supplementary credit-risk assessment of technology SMEs. Every decision is recorded before it is given. "
    "Errors are problem details (RFC 9457) with a stable code and field paths, never values."
)


def _new_decision_id() -> str:
    """Return a random identifier."""
    return str(uuid.uuid4())


def create_app(
    settings: ServingSettings,
    bundle: Bundle,
    ledger: Ledger,
    keys: KeyStore,
    *,
    version: str | None = None,
    clock: Clock = utc_now,
    new_id: Callable[[], str] = _new_decision_id,
) -> FastAPI:
    """Make the application of one process.

    Parameters
    ----------
    settings : ServingSettings
        Limits and timeouts.
    bundle : Bundle
        The model.
    ledger : Ledger
        Where decisions are recorded; closed when the application stops.
    keys : KeyStore
        Who may ask.
    version : str, optional
        The register's version of the model.
    clock, new_id : callable
        Give the time and the identifier of a decision.
    """
    service = Service(settings, bundle, version, ledger, keys, clock, new_id)
    app = _Application(
        title="icsml",
        version=package_version("icsml"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.service = service
    install(app)
    app.state.rate_limits = RateLimits.of(settings)
    app.add_middleware(HeaderRules)
    app.add_middleware(AccessLog)
    app.include_router(health_router())
    app.include_router(assessments_router(bundle))
    app.include_router(batches_router(bundle))
    return app


def app_from_settings() -> FastAPI:
    """Make the application that the environment describes; the factory for a server's processes.

    ``ICSML_BUNDLE`` names the bundle folder, ``ICSML_MODEL_VERSION`` its version in the register (both are set by
    ``icsml serve``), ``ICSML_LEDGER_URL`` the ledger, ``ICSML_HOME`` the folder of the key file.

    Raises
    ------
    MissingError
        If no bundle is named (``ICS-SRV-025``) or there is no key (``ICS-SRV-020``): no key, no service.
    ModelError, ConfigError, InputError, LedgerError
        If the bundle, the settings, the key file or the ledger cannot be used.
    """
    settings = load_settings()
    keys = KeyStore.load(keys_path())
    folder = os.environ.get(BUNDLE_VARIABLE)
    if not folder:
        raise MissingError(
            "ICS-SRV-025",
            "no bundle is named",
            field=BUNDLE_VARIABLE,
            remedy="set it to a bundle folder, or run `icsml serve --model REF`",
        )
    bundle = read_bundle(Path(folder))
    warm(bundle)
    return create_app(settings, bundle, Ledger.open(), keys, version=os.environ.get(VERSION_VARIABLE) or None)


class _Application(FastAPI):
    """FastAPI whose document defines the problem details that its routes refer to, and none of FastAPI's own errors."""

    def openapi(self) -> JsonObject:
        if self.openapi_schema is None:
            document = super().openapi()
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = document["components"]["schemas"]
            schemas |= problem.pop("$defs") | {Problem.__name__: problem}
            for method in (method for path in document["paths"].values() for method in path.values()):
                if "application/json" in method["responses"].get("422", {}).get("content", {}):
                    del method["responses"]["422"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return super().openapi()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await service.start()
    yield
    await service.stop()
