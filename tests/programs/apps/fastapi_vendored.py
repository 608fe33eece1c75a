# mypy: disable-error-code="import-not-found"
"""The shop in FastAPI with the vendored file installed in its code, and all its entries as JSON."""

from __future__ import annotations

import logging

from asayer_session import JsonFormatter, install
from fastapi_shop import app

handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
install(app)
