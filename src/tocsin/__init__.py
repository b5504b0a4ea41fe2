"""Open air surveillance and public early warning."""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

__version__ = version("tocsin")


def _name_kernel_cache() -> None:
    # numba notices an edit of the file that it compiled, not of the kernels which that file
    # calls, and then runs old code without a word. One cache per state of all kernels cannot
    # go stale. It must be named before the first kernel is imported, so it is done here.
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("kernels*.py")):
        digest.update(path.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    cache = Path(home) / "tocsin" / f"kernels-{digest.hexdigest()[:16]}"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))


_name_kernel_cache()
