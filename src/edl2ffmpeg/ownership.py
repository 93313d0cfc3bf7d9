"""What every owner of files, threads or native memory has in common; it owns nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["Owner"]


class Owner(ABC):
    """Something that must be closed: by ``close()``, or by the end of a ``with`` block."""

    @abstractmethod
    def close(self) -> None:
        """Gives up what is owned.  May be called twice; use after it raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
