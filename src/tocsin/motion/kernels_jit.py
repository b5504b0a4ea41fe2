"""The decorator of kernels that make no arrays: none of their time goes into counting references.

Numba counts the references to every array that a function takes or slices, atomically: more time
than the arithmetic of one track. A function without its run-time for memory (the option `_nrt`)
counts nothing, and cannot make arrays; `docs/decisions/0010` has the measurement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba as nb

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def lean(*, inline: bool = False, contract: bool = False) -> Callable[[Kernel], Kernel]:
    """Return the decorator of a kernel that makes no arrays.

    Args:
        inline: compile it into its callers.
        contract: let multiplications and additions be one operation.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    # Nothing takes these kernels' addresses: their wrappers for that only cost time to compile.
    options["no_cfunc_wrapper"] = True
    if inline:
        options["forceinline"] = True
    if contract:
        options["fastmath"] = {"contract"}
    compiled: Callable[[Kernel], Kernel] = nb.njit(**options)
    return compiled
