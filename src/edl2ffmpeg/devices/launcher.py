"""What runs kernels: the interface between a device's memory and its compiled code."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Launcher"]


class Launcher(Protocol):
    """Kernels by name, on one device.

    Launches of one launcher run in the order of the calls.  The addresses in ``parameters``
    are the device's.
    """

    def launch(self, kernel: str, columns: int, rows: int, parameters: bytes) -> None:
        """Runs ``kernel`` once for each column and row, on ``parameters`` as its job.

        It returns at once; ``columns`` and ``rows`` are 1 or more.
        """
        ...

    def close(self) -> None:
        """Gives the kernels up; none runs any more."""
        ...
