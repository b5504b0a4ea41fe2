"""HTTP, WebSocket and the web page: the newest air picture for people and programs."""

from tocsin.serve.app import create_app
from tocsin.serve.config import ServeConfig, check_bind
from tocsin.serve.hub import Hub
from tocsin.serve.server import serving
from tocsin.serve.snapshot import Clock, OperatorRequest, SiteInfo, Snapshot, Town

__all__ = [
    "Clock",
    "Hub",
    "OperatorRequest",
    "ServeConfig",
    "SiteInfo",
    "Snapshot",
    "Town",
    "check_bind",
    "create_app",
    "serving",
]
