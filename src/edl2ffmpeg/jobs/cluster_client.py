"""Connects to the Dask cluster that ``--cluster`` names, asks it, and lets go of it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, wait
from contextlib import suppress
from time import monotonic
from typing import Any

from edl2ffmpeg.errors import JobError, SettingsError

__all__ = ["asked", "connected", "let_go"]

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 0.5
_LOOK_SECONDS = 0.05
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST_AND_PORT = re.compile(r"[^/\s]+:\d{1,5}")
_ENCRYPTED = ("tls", "wss")


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
    except ImportError as error:
        raise SettingsError(
            f"--cluster needs the package {error.name}: pip install 'edl2ffmpeg[cluster]'"
        ) from None
    address = _address(name)
    _check(name, address)
    # Made in two steps, for one whose beginning fails to be let go of: it would do that itself
    # when it is collected, and wait and complain.
    client: Any = distributed.Client.__new__(distributed.Client)
    try:
        client.__init__(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="edl2ffmpeg")
    except BaseException as error:
        let_go(client)
        _log.debug("connecting failed", exc_info=error)
        if isinstance(error, (OSError, TimeoutError)):
            raise JobError(
                f"the cluster {name}: no scheduler has answered for {_CONNECT_SECONDS:g} s; look "
                "whether it runs and can be reached from here"
            ) from None
        if isinstance(error, Exception):
            raise _no_address(name, error) from None
        raise
    return client


def _address(name: str) -> str:
    import dask.config

    if _URL.match(name) or _HOST_AND_PORT.fullmatch(name):
        return name
    if os.path.isfile(name):
        return _address_in(name)
    try:
        found = dask.config.get(name, None)
    except (TypeError, KeyError, IndexError):
        # It names something within a value that has nothing within.
        found = None
    if not isinstance(found, str):
        raise SettingsError(
            f"--cluster {name}: is neither an address such as tcp://scheduler:8786, nor a "
            "scheduler file, nor an entry of Dask's configuration that holds an address"
        )
    return found


def _address_in(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise SettingsError(f"--cluster {path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"--cluster {path}: is no scheduler file: {error}") from None
    address = found.get("address") if isinstance(found, dict) else None
    if not isinstance(address, str):
        raise SettingsError(
            f"--cluster {path}: is no scheduler file: it has to be a JSON object with the "
            'scheduler\'s "address"'
        )
    return address


def _check(name: str, address: str) -> None:
    """That the address can be one: of a kind that is known here, with the certificates it needs."""
    import dask.config
    import distributed
    from distributed.comm.addressing import get_address_host_port, parse_address
    from distributed.comm.registry import get_backend

    try:
        scheme = parse_address(address)[0]
        get_backend(scheme)
    except Exception as error:
        # A kind that needs another library raises what it likes.
        raise _no_address(name, error) from None
    if scheme in ("tcp", "ws", *_ENCRYPTED):
        try:
            host, port = get_address_host_port(address)
        except ValueError:
            host, port = "", 0
        if not host or not 0 < port < 1 << 16:
            raise SettingsError(
                f"--cluster {name}: {address!r} is no address of a scheduler: it needs a host and "
                "a port from 1 to 65535, as tcp://scheduler:8786 has"
            )
    if scheme not in _ENCRYPTED or dask.config.get("distributed.client.security-loader", None):
        return
    try:
        security: Any = distributed.Security
        context = security().get_connection_args("client")["ssl_context"]
    except Exception as error:
        raise SettingsError(
            f"--cluster {name}: the certificates that Dask's configuration names cannot be used: "
            f"{error}; see distributed.comm.tls there"
        ) from None
    if context is None:
        raise SettingsError(
            f"--cluster {name}: {scheme} needs certificates, which Dask's configuration has to "
            "name under distributed.comm.tls"
        )


def _no_address(name: str, error: Exception) -> SettingsError:
    return SettingsError(f"--cluster {name}: is no address of a scheduler: {error}")


def asked(
    client: Any,
    question: Coroutine[Any, Any, Any],
    goes_on: Callable[[], bool],
    seconds: float | None = None,
) -> Any:
    """What comes of ``question`` in the client's thread, which may never end.

    Raises ``CancelledError`` when ``goes_on`` says no meanwhile, and ``TimeoutError`` after
    ``seconds``.
    """
    began = monotonic()
    asking = asyncio.run_coroutine_threadsafe(question, client.loop.asyncio_loop)
    while not wait([asking], _LOOK_SECONDS).done:
        is_late = seconds is not None and monotonic() - began > seconds
        if is_late or not goes_on():
            asking.cancel()
            raise TimeoutError if is_late else CancelledError
    return asking.result()


def let_go(client: Any) -> None:
    """Closes the client, however far it has come, also where nobody answers.

    May be called twice.
    """
    with suppress(Exception):
        client.close(timeout=_CLOSE_SECONDS)
    # One that could not say so would try again when it is collected, and wait for long.
    client.status = "closed"
    with suppress(Exception):
        client._loop_runner.stop(_CLOSE_SECONDS)
