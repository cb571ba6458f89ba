"""The application: a factory whose parts are passed in, and the one for a server process."""

from __future__ import annotations

import os
import uuid
from asyncio import CancelledError, create_task, sleep
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version as package_version
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute

from icsml.core.clock import Clock, utc_now
from icsml.core.strict_json import JsonObject
from icsml.errors import MissingError
from icsml.ledger.store import Ledger
from icsml.model.bundle_store import keep_bundle
from icsml.serving.access_log import AccessLog
from icsml.serving.direct import DirectRoute
from icsml.serving.headers import HeaderRules
from icsml.serving.keys import KeyStore, keys_path
from icsml.serving.live_model import LiveModel, Models, load_model
from icsml.serving.metrics import forget_process
from icsml.serving.model_notice import NOTICE_VARIABLE, ModelNotice, notice_signature
from icsml.serving.model_watch import watch_model
from icsml.serving.openapi import link_decisions
from icsml.serving.problems import Problem, install
from icsml.serving.rate_limit import RateLimits
from icsml.serving.routes.assessments import PATH, assessments_router
from icsml.serving.routes.batches import batches_router
from icsml.serving.routes.changes import changes_router
from icsml.serving.routes.events import events_router
from icsml.serving.routes.health import health_router
from icsml.serving.routes.innovation_scores import innovation_scores_router
from icsml.serving.routes.metrics import metrics_router
from icsml.serving.routes.models import models_router
from icsml.serving.routes.packs import packs_router
from icsml.serving.routes.replays import replays_router
from icsml.serving.routes.rulebooks import rulebooks_router
from icsml.serving.routes.searches import searches_router
from icsml.serving.service import Service
from icsml.serving.settings import ServingSettings, load_settings

__all__ = ["BUNDLE_VARIABLE", "VERSION_VARIABLE", "app_from_settings", "create_app"]

BUNDLE_VARIABLE = "ICSML_BUNDLE"
VERSION_VARIABLE = "ICSML_MODEL_VERSION"
_MEASURE_SECONDS = 1.0
_DESCRIPTION = (
    "Supplementary credit-risk assessment of technology SMEs. Every decision is recorded before it is given. "
    "Errors are problem details (RFC 9457) with a stable code and field paths, never values; their texts are in the "
    "language that `Accept-Language` prefers, English or Chinese."
)


def _new_decision_id() -> str:
    """Return a random identifier."""
    return str(uuid.uuid4())


def create_app(
    settings: ServingSettings,
    model: LiveModel,
    ledger: Ledger,
    keys: KeyStore,
    *,
    notice: Path | None = None,
    seen: tuple[int, ...] = (),
    clock: Clock = utc_now,
    new_id: Callable[[], str] = _new_decision_id,
) -> FastAPI:
    """Make the application of one process.

    Parameters
    ----------
    settings : ServingSettings
        Limits and timeouts.
    model : LiveModel
        The first model.
    ledger : Ledger
        Where decisions are recorded; closed when the application stops.
    keys : KeyStore
        Who may ask.
    notice : Path, optional
        File that names the bundle to use; it is watched, and another bundle takes the place of the model.
    seen : tuple of int
        Signature of that file when the first model was read.
    clock, new_id : callable
        Give the time and the identifier of a decision.
    """
    app = _Application(
        title="icsml",
        version=package_version("icsml"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.service = Service(settings, Models(model, settings.recourse_from), ledger, keys, clock, new_id)
    app.state.watched = (notice, seen)
    install(app)
    app.state.rate_limits = RateLimits.of(settings)
    app.add_middleware(HeaderRules)
    app.add_middleware(AccessLog)
    app.router.routes.insert(0, DirectRoute(app.state.service))
    app.include_router(health_router())
    app.include_router(metrics_router())
    app.include_router(models_router())
    app.include_router(rulebooks_router())
    app.include_router(assessments_router(model.bundle))
    app.include_router(searches_router())
    app.include_router(changes_router())
    app.include_router(replays_router())
    app.include_router(packs_router())
    app.include_router(batches_router(model.bundle))
    app.include_router(innovation_scores_router(model.bundle))
    app.include_router(events_router(model.bundle))
    return app


def app_from_settings() -> FastAPI:
    """Make the application that the environment describes; the factory for a server's processes.

    ``ICSML_BUNDLE`` names the bundle folder, ``ICSML_MODEL_VERSION`` its version in the register, ``ICSML_LEDGER_URL``
    the ledger, ``ICSML_HOME`` the folder of the key file. ``icsml serve`` names a file that holds the first two and may
    change (``ICSML_MODEL_NOTICE``).

    Raises
    ------
    MissingError
        If no bundle is named (``ICS-SRV-025``) or there is no key (``ICS-SRV-020``): no key, no service.
    ModelError, ConfigError, InputError, LedgerError
        If the bundle, the settings, the key file or the ledger cannot be used.
    """
    settings = load_settings()
    keys = KeyStore.load(keys_path())
    notice, folder = os.environ.get(NOTICE_VARIABLE), os.environ.get(BUNDLE_VARIABLE)
    if notice:
        return _watching(settings, keys, Path(notice))
    if not folder:
        raise MissingError(
            "ICS-SRV-025",
            "no bundle is named",
            field=BUNDLE_VARIABLE,
            remedy="set it to a bundle folder, or run `icsml serve --model REF`",
        )
    model = load_model(keep_bundle(Path(folder)), os.environ.get(VERSION_VARIABLE) or None)
    return create_app(settings, model, Ledger.open(), keys)


def _watching(settings: ServingSettings, keys: KeyStore, path: Path) -> FastAPI:
    seen = notice_signature(path)  # before it is read: a change meanwhile is seen later
    notice = ModelNotice.read(path)
    model = load_model(notice.folder, notice.version)
    return create_app(settings, model, Ledger.open(), keys, notice=path, seen=seen)


class _Application(FastAPI):
    """FastAPI whose document defines the problem details that its routes refer to, and none of FastAPI's own errors."""

    def openapi(self) -> JsonObject:
        if self.openapi_schema is None:
            document = super().openapi()
            self._describe_bodies(document)
            link_decisions(document, PATH)
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = document["components"]["schemas"]
            schemas |= problem.pop("$defs") | {Problem.__name__: problem}
            for method in (method for path in document["paths"].values() for method in path.values()):
                if "application/json" in method["responses"].get("422", {}).get("content", {}):
                    del method["responses"]["422"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return super().openapi()

    def forget_description(self, model: LiveModel) -> None:
        """Describe the service anew: another model may accept other records."""
        self.openapi_schema = None

    def _describe_bodies(self, document: JsonObject) -> None:
        """Describe the bodies that the live model accepts, whichever model the routes were made for."""
        bundle = self.state.service.models.live.bundle
        routers = (assessments_router, batches_router, events_router, innovation_scores_router)
        routes = [route for router in routers for route in router(bundle).routes]
        for route in (route for route in routes if isinstance(route, APIRoute) and route.openapi_extra):
            for method in route.methods or ():
                document["paths"][route.path_format][method.lower()] |= route.openapi_extra


@asynccontextmanager
async def _lifespan(app: _Application) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.models.on_exchange(app.forget_description)
    service.models.on_exchange(service.metrics.model)
    service.metrics.model(service.models.live)
    await service.start()
    notice, seen = app.state.watched
    watches = [create_task(_watch_recording(service)), create_task(_sign_now_and_then(service))]
    if notice:
        watches.append(create_task(watch_model(service.models, notice, seen)))
    yield
    for watch in watches:
        watch.cancel()
        with suppress(CancelledError):
            await watch
    await service.stop()
    forget_process(os.getpid())


async def _sign_now_and_then(service: Service) -> None:
    while True:
        await sleep(service.settings.checkpoint_seconds)
        await service.sign()


async def _watch_recording(service: Service) -> None:
    """Measure the queue of the ledger now and then: whoever answers `/metrics` cannot ask the other processes."""
    while True:
        recorder = service.recorder
        service.metrics.ledger(recorder.waiting, recorder.lag, recorder.silence)
        await sleep(_MEASURE_SECONDS)
