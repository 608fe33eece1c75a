# mypy: disable-error-code="import-not-found"
"""The shop in Flask with the library installed in its code."""

from __future__ import annotations

from flask_shop import app

from asayer_cli.propagation.install import install

application = install(app)
