"""What ``--cluster`` may name, and what is said of anything else: at once, and nothing after it."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edl2ffmpeg.errors import JobError, SettingsError
from edl2ffmpeg.jobs.cluster_client import connected

pytest.importorskip("distributed")

ADDRESS = '"address": "tcp://127.0.0.1:1"'


@pytest.fixture(autouse=True)
def nothing_after_it(monkeypatch: pytest.MonkeyPatch) -> Any:
    """No thread is left, and nothing waits or complains when it is collected."""
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    before, began = threading.active_count(), time.monotonic()
    yield
    gc.collect()
    assert threading.active_count() == before
    assert time.monotonic() - began < 5
    assert complaints == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("foo://x:1", "is no address of a scheduler: unknown address scheme 'foo'"),
        ("ucx://127.0.0.1:1", "is no address of a scheduler: "),
        ("tcp://", "'tcp://' is no address of a scheduler: it needs a host and a port from 1 to "),
        ("tcp://a:b", "it needs a host and a port from 1 to 65535, as tcp://scheduler:8786 has"),
        ("ws://::1:1", "it needs a host and a port from 1 to 65535, as tcp://scheduler:8786 has"),
        ("127.0.0.1:99999", "it needs a host and a port from 1 to 65535, as tcp://scheduler:87"),
        ("inproc://x", "is no address of a scheduler: "),
        ("tls://127.0.0.1:1", "tls needs certificates, which Dask's configuration has to name und"),
        ("temporary-directory.x", "nor an entry of Dask's configuration that holds an address"),
        ("distributed", "nor an entry of Dask's configuration that holds an address"),
    ],
)
def test_what_cannot_be_an_address(name: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connected(name)
    assert str(caught.value).startswith(f"--cluster {name}: ")
    assert told in str(caught.value)


def test_certificates_that_are_not_there() -> None:
    import dask.config

    files = {"ca-file": "/nowhere/ca", "client": {"cert": "/nowhere/cert", "key": "/nowhere/key"}}
    with (
        dask.config.set({"distributed.comm.tls": files}),
        pytest.raises(SettingsError, match=r"the certificates that Dask's .* cannot be used: "),
    ):
        connected("tls://127.0.0.1:1")


@pytest.mark.parametrize(
    "text", ["x", "", "[1]", "5", "{}", '{"address": 5}', "{" + ADDRESS, "[" * 9999]
)
def test_what_is_no_scheduler_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        connected(str(path))
    assert str(caught.value).startswith(f"--cluster {path}: is no scheduler file: ")
    assert "\n" not in str(caught.value)


def test_a_scheduler_file_of_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is no scheduler file: "):
        connected(str(path))
    path.write_text(json.dumps({"address": "foo://x:1"}))
    with pytest.raises(
        SettingsError, match=r"scheduler\.json: is no address of a scheduler: unknown"
    ):
        connected(str(path))


@pytest.mark.parametrize("name", ["tcp://127.0.0.1:1", "file"])
def test_where_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setattr("edl2ffmpeg.jobs.cluster_client._CONNECT_SECONDS", 0.3)
    if name == "file":
        name = str(tmp_path / "scheduler.json")
        Path(name).write_text("{" + ADDRESS + "}")
    with pytest.raises(JobError, match=r"no scheduler has answered for 0\.3 s"):
        connected(name)


def test_a_client_that_fails_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    async def fail(self: Any, timeout: Any = None) -> None:
        raise AssertionError("of its own")

    monkeypatch.setattr(distributed.Client, "_ensure_connected", fail)
    with pytest.raises(SettingsError, match="is no address of a scheduler: of its own"):
        connected("tcp://127.0.0.1:1")
