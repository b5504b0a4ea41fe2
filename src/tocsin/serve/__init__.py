"""HTTP, WebSocket and the web page: the newest air picture for people and programs."""

from tocsin.serve.app import create_app
from tocsin.serve.config import ServeConfig, check_bind
from tocsin.serve.hub import Hub
from tocsin.serve.roles import Access, Role
from tocsin.serve.server import serving
from tocsin.serve.snapshot import Clock, OperatorRequest, SiteInfo, Snapshot, Town

__all__ = [
    "Access",
    "Clock",
    "Hub",
    "OperatorRequest",
    "Role",
    "ServeConfig",
    "SiteInfo",
    "Snapshot",
    "Town",
    "check_bind",
    "create_app",
    "serving",
]
