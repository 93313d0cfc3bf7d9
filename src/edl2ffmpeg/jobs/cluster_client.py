"""Connects to the Dask cluster that ``--cluster`` names."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from edl2ffmpeg.errors import JobError, SettingsError

__all__ = ["connected"]

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST_AND_PORT = re.compile(r"[^/\s]+:\d{1,5}")


def connected(name: str) -> Any:
    """A client of the cluster that ``name`` means: an address, a scheduler file, or an entry of
    Dask's configuration.

    Raises ``SettingsError`` where it means none or the library is missing, and ``JobError`` where
    no scheduler answers.
    """
    try:
        import dask.config

        if not _log.isEnabledFor(logging.INFO):
            # Read when it is first imported: what goes wrong is told in our own words.
            quiet = {"distributed": "critical", "distributed.client": "critical"}
            dask.config.set({"logging": dask.config.get("logging", {}) | quiet})
        import distributed

        client: Any = distributed.Client
    except ImportError as error:
        raise SettingsError(
            f"--cluster needs the package {error.name}: pip install 'edl2ffmpeg[cluster]'"
        ) from None
    options: dict[str, Any] = {"timeout": _CONNECT_SECONDS, "set_as_default": False}
    options["name"] = "edl2ffmpeg"
    try:
        if _URL.match(name) or _HOST_AND_PORT.fullmatch(name):
            return client(name, **options)
        if os.path.isfile(name):
            return client(scheduler_file=name, **options)
        address = dask.config.get(name, None)
        if isinstance(address, str):
            return client(address, **options)
    except (OSError, TimeoutError) as error:
        _log.debug("connecting failed", exc_info=error)
        raise JobError(
            f"the cluster {name}: no scheduler has answered for {_CONNECT_SECONDS:g} s; look "
            "whether it runs and can be reached from here"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"--cluster {name}: is no address of a scheduler: {error}") from None
    raise SettingsError(
        f"--cluster {name}: is neither an address such as tcp://scheduler:8786, nor a scheduler "
        "file, nor an entry of Dask's configuration"
    )
