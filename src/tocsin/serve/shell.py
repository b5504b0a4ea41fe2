"""The built page: static files in the package, and the index with the demo's token."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tocsin.serve.config import ServeConfig

FOLDER = Path(__file__).parent / "page"

_NOT_BUILT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tocsin</title>
</head><body><h1>Tocsin is running</h1><p>Its web page was not built. Run <code>make page</code>
in a checkout, or install a wheel, which contains it. The interface works without:
<a href="api/v1/tracks">tracks</a>, <a href="api/v1/zones">zones</a>,
<a href="api/v1/warnings">warnings</a>, <a href="api/v1/sensors">sensors</a>,
<a href="openapi.json">its description</a>.</p></body></html>"""


def index(config: ServeConfig, folder: Path = FOLDER) -> Response:
    """Return the page's first file; the token is in it only for a demo on loopback."""
    try:
        html = (folder / "index.html").read_text("utf-8")
    except OSError:
        return HTMLResponse(_NOT_BUILT, headers={"cache-control": "no-store"})
    if config.injects and config.token:
        meta = f'<meta name="tocsin-token" content="{escape(config.token, quote=True)}">'
        html = html.replace("</head>", f"{meta}</head>", 1)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


class PageFiles(StaticFiles):
    """Serve the files beside the index; those whose names carry a hash may be kept."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Take the folder."""
        super().__init__(directory=folder)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return one file."""
        response = await super().get_response(path, scope)
        kept = path.startswith("assets/") and response.status_code == 200
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if kept else "no-cache"
        )
        return response
