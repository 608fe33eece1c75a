"""The back end of a shop: a page of another origin calls `/pay`, and `/canary` logs one error for who knows the secret.

The environment says what is wrong with it: `SHOP_ORIGIN` (no CORS when it is empty), `SHOP_LEVEL` of its entries (none
when it is `OFF`), `SHOP_MESSAGE` for whoever knows the secret.
"""

from __future__ import annotations

import hmac
import logging
import os
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException
from fastapi.middleware.cors import CORSMiddleware

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("shop")
app = FastAPI()
if origin := os.environ.get("SHOP_ORIGIN"):
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[origin],
        allow_methods=["GET", "POST"],
        allow_headers=["X-Session-Id", "X-Asayer-Canary"],
    )


def note(message: str) -> None:
    level = os.environ.get("SHOP_LEVEL", "ERROR")
    if level != "OFF":
        log.log(logging.getLevelNamesMapping()[level], message)


@app.get("/ready")
async def ready() -> str:
    return "yes"


@app.post("/pay")
async def pay() -> dict[str, bool]:
    note("the bank has refused the card")
    return {"paid": False}


@app.get("/canary")
async def canary(secret: Annotated[str, Header(alias="X-Asayer-Canary")] = "") -> dict[str, bool]:
    if not hmac.compare_digest(secret, os.environ["ASAYER_CANARY_SECRET"]):
        raise HTTPException(404)
    note(os.environ.get("SHOP_MESSAGE", "asayer canary error"))
    return {"logged": True}
