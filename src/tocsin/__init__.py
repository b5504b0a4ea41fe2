"""Open air surveillance and public early warning."""

import hashlib
import importlib
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.contract import InputError
    from tocsin.run.api import Tracker, track_plots

__all__ = ["InputError", "Tracker", "__version__", "track_plots"]
__version__ = version("tocsin")

# The rooms and their kernels take a second to load: not before one of these is asked for.
_LAZY = {
    "InputError": "tocsin.contract",
    "Tracker": "tocsin.run.api",
    "track_plots": "tocsin.run.api",
}


def __getattr__(name: str) -> object:
    """Return what the package offers, loaded at its first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _name_kernel_cache() -> None:
    # numba notices an edit of the file that it compiled, not of the kernels which that file
    # calls, and then runs old code without a word. One cache per state of all kernels cannot
    # go stale. It must be named before the first kernel is imported, so it is done here; numba
    # itself may have been imported before.
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("kernels*.py")):
        digest.update(path.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    cache = Path(home) / "tocsin" / f"kernels-{digest.hexdigest()[:16]}"
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(cache)


_name_kernel_cache()
