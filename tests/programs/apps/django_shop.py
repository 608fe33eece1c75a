# mypy: disable-error-code="import-untyped"
"""A shop in Django in one file, served by WSGI and by ASGI: its own log settings, views of both kinds."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.http import HttpRequest

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a shop that nobody uses",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"usual": {"format": "{levelname} {asctime} {name} {message}", "style": "{"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "usual"}},
        "root": {"handlers": ["console"], "level": "INFO"},
    },
)
django.setup()
log = logging.getLogger("shop")


def ready(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


def plain(request: HttpRequest) -> HttpResponse:
    order = request.GET["order"]
    log.info("order=%s taken", order)
    time.sleep(0.001)
    sys.stdout.write(f"order={order} printed\n")  # two processes have one output, and print writes the end apart
    log.error("order=%s refused\n  card declined", order)
    return HttpResponse("done")


async def wait(request: HttpRequest) -> HttpResponse:
    order = request.GET["order"]
    log.info("order=%s taken", order)
    await asyncio.sleep(0.001)
    await sync_to_async(charge_or_log)(order)
    task = asyncio.create_task(later(order))
    log.info("order=%s waits", order)
    await task
    return HttpResponse("done")


def fail(request: HttpRequest) -> HttpResponse:
    log.info("order=%s begins", request.GET["order"])
    raise ValueError(f"order={request.GET['order']} bad card\nsecond line of order={request.GET['order']}")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(parcels(request.GET["order"]))


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(aparcels(request.GET["order"]))


def parcels(order: str) -> Iterator[str]:
    for number in range(3):
        log.info("order=%s parcel %s", order, number)
        yield "parcel\n"


async def aparcels(order: str) -> AsyncIterator[str]:
    for number in range(3):
        await asyncio.sleep(0)
        log.info("order=%s parcel %s", order, number)
        yield "parcel\n"


def charge_or_log(order: str) -> None:
    try:
        charge(order)
    except ValueError:
        log.exception("order=%s not charged", order)


def charge(order: str) -> None:
    raise ValueError(f"order={order} bad card")


async def later(order: str) -> None:
    await asyncio.sleep(0)
    log.info("order=%s later", order)


urlpatterns = [
    path("ready", ready),
    path("plain", plain),
    path("wait", wait),
    path("fail", fail),
    path("stream", stream),
    path("astream", astream),
]
application = get_wsgi_application()
asgi_application = get_asgi_application()
