"""What goes wrong when a port is opened, in words."""

from __future__ import annotations

import errno
import socket

from tocsin.contract import InputError


def bind_error(where: str, host: str, port: int, error: OSError) -> InputError:
    """Return the one line that says why a port could not be opened."""
    if error.errno == errno.EADDRINUSE:
        mend = "stop the other program or take another port"
        return InputError(where, f"port {port} is already in use", mend)
    if error.errno in (errno.EACCES, errno.EPERM):
        return InputError(where, f"port {port} may not be opened", "take a port above 1023")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return InputError(where, f"{host} is no address of this machine", "use 0.0.0.0 for all")
    return InputError(where, f"cannot be opened: {error.strerror}", "check host and port")
