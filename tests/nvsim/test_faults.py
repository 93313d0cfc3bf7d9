"""What each fault does to FFmpeg's own code: a right result, or an error and nothing left behind.

These are facts about the simulator with this FFmpeg, and the reasons for rules of the product: some
faults lose or spoil a picture without any error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

import nvsim
from nvsim import CudaResult, Fault, NvencStatus, SimulatorReport

ALL = list(range(10))


@dataclass(frozen=True)
class Trial:
    """Ten pictures with a fault, and what has to come of them."""

    fault: Fault
    source: str = "nv12"
    error: str = ""  # what the error's text has in it; none: no error
    pts: list[int] = field(default_factory=lambda: ALL)
    wrong: list[int] = field(default_factory=list)  # pictures with wrong pixels
    violations: set[str] = field(default_factory=set)  # what FFmpeg does wrong after it
    lost: int = 0  # pictures that were submitted and never came out
    options: dict[str, str] = field(default_factory=dict)


TRIALS = {
    "open-from-host": Trial(
        Fault("nvEncOpenEncodeSessionEx", code=NvencStatus.OUT_OF_MEMORY),
        error="ExternalError",
        pts=[],
    ),
    "open-with-device": Trial(
        Fault("nvEncOpenEncodeSessionEx", code=NvencStatus.OUT_OF_MEMORY),
        source="upload",
        error="MemoryError",
        pts=[],
    ),
    "initialize": Trial(
        Fault("nvEncInitializeEncoder", code=NvencStatus.GENERIC),
        error="InitializeEncoder failed: generic error (20)",
        pts=[],
    ),
    "create-bitstream": Trial(
        Fault("nvEncCreateBitstreamBuffer", first=3, code=NvencStatus.OUT_OF_MEMORY),
        error="CreateBitstreamBuffer failed: out of memory (10)",
        pts=[],
        # FFmpeg destroys the third input buffer twice, and buffers that it never made.
        violations={"double-destroy", "invalid-handle"},
    ),
    "encode-out-of-memory": Trial(
        Fault("nvEncEncodePicture", first=4, code=NvencStatus.OUT_OF_MEMORY),
        error="MemoryError",
        pts=[0],
        lost=2,
    ),
    "encode-needs-more": Trial(
        Fault("nvEncEncodePicture", first=4, code_after=NvencStatus.NEED_MORE_INPUT)
    ),
    "encode-busy": Trial(Fault("nvEncEncodePicture", first=4, code=NvencStatus.ENCODER_BUSY)),
    "lock-generic": Trial(
        Fault("nvEncLockBitstream", first=4, code=NvencStatus.GENERIC),
        error="Failed locking bitstream buffer: generic error (20)",
        pts=[0, 1, 2],
        lost=3,
    ),
    # No error, and a picture is missing: packets have to be counted.
    "lock-busy": Trial(
        Fault("nvEncLockBitstream", first=4, code=NvencStatus.LOCK_BUSY),
        pts=[0, 1, 2, 4, 5, 6, 7, 8, 9],
        violations={"lock-out-of-order"},
        lost=1,
    ),
    "lock-late": Trial(Fault("nvEncLockBitstream", first=4, delay_ms=200)),
    # No error, and wrong pixels: FFmpeg does not look at the result of its copies.
    "upload-fails": Trial(
        Fault("cuMemcpy2DAsync_v2", first=5, code=CudaResult.ILLEGAL_ADDRESS),
        source="upload",
        wrong=[2],
    ),
    "upload-is-skipped": Trial(
        Fault("cuMemcpy2D*", first=5, skip=True), source="upload", wrong=[2]
    ),
    "download-fails": Trial(
        Fault("cuMemcpy2DAsync_v2", first=7, code=CudaResult.ILLEGAL_ADDRESS),
        source="decode",
        wrong=[1],
    ),
    "register": Trial(
        Fault("nvEncRegisterResource", code=NvencStatus.RESOURCE_REGISTER_FAILED),
        source="upload",
        error="UnknownError",
        pts=[],
    ),
    "map": Trial(
        Fault("nvEncMapInputResource", first=3, code=NvencStatus.MAP_FAILED),
        source="upload",
        error="map failed (16)",
        pts=[],
        lost=2,
    ),
    "end-of-stream": Trial(
        Fault("nvEncEncodePicture(EOS)", code=NvencStatus.GENERIC),
        error="EncodePicture failed!: generic error (20)",
        pts=ALL[:8],
        lost=2,
    ),
    "destroy": Trial(
        Fault("nvEncDestroyEncoder", code=NvencStatus.GENERIC),
        violations={"context-ended-before-session"},
    ),
    "decoder": Trial(
        Fault("cuvidCreateDecoder", code=CudaResult.OUT_OF_MEMORY),
        source="decode",
        error="InvalidDataError",
        pts=[],
    ),
    "decoder-caps": Trial(
        Fault("cuvidGetDecoderCaps", code=CudaResult.UNKNOWN),
        source="decode",
        error="InvalidDataError",
        pts=[],
    ),
    "decode": Trial(
        Fault("cuvidDecodePicture", first=5, code=CudaResult.UNKNOWN),
        source="decode",
        error="hardware accelerator failed to decode picture",
        pts=[0, 1, 2, 3],
    ),
    "map-frame": Trial(
        Fault("cuvidMapVideoFrame64", first=5, code=CudaResult.UNKNOWN),
        source="decode",
        error="ExternalError",
        pts=[0, 1, 2, 3],
    ),
    "decode-out-of-memory": Trial(
        Fault("cuMemAlloc_v2", code=CudaResult.OUT_OF_MEMORY),
        source="decode",
        error="MemoryError",
        pts=[],
    ),
}

Results = tuple[dict[str, dict[str, Any]], SimulatorReport]


def try_all(trials: dict[str, Trial]) -> Results:
    """All trials in one process: how each went, and the report of them together."""
    listed = [[name, t.fault.rule, t.source, t.options] for name, t in trials.items()]
    run = nvsim.run_python(["-m", "nvsim.trials", json.dumps(listed)]).checked()
    outcomes = [json.loads(line) for line in run.stdout.splitlines()]
    return {outcome["name"]: outcome for outcome in outcomes}, run.report


@pytest.fixture(scope="module")
def results() -> Results:
    return try_all(TRIALS)


@pytest.mark.parametrize("name", TRIALS)
def test_fault(results: Results, name: str) -> None:
    (outcomes, report), trial = results, TRIALS[name]
    outcome = outcomes[name]
    assert any(call.fault for call in report.calls if call.mark == name) or trial.fault.delay_ms
    assert trial.error in outcome["error"] and bool(trial.error) == bool(outcome["error"])
    assert sorted(outcome["pts"]) == trial.pts
    assert outcome["wrong"] == trial.wrong
    assert set(report.kinds(name)) == trial.violations
    assert outcome["live"] == {}


def test_pictures_that_never_came_out_are_counted(results: Results) -> None:
    assert results[1].pictures_lost == sum(trial.lost for trial in TRIALS.values())


def test_a_delay_delays(results: Results) -> None:
    outcomes, report = results
    assert outcomes["lock-late"]["seconds"] >= 0.2
    assert [(d.function, d.milliseconds, d.mark) for d in report.delays] == [
        ("nvEncLockBitstream", 200, "lock-late")
    ]


def test_out_of_memory_at_every_allocation() -> None:
    count = 40  # FFmpeg's pool has fewer
    trials = {
        str(n): Trial(Fault("cuMemAlloc_v2", first=n, code=CudaResult.OUT_OF_MEMORY), "upload")
        for n in range(1, count + 1)
    }
    outcomes, report = try_all(trials)
    failed = [name for name, outcome in outcomes.items() if outcome["error"]]
    assert failed == [str(n + 1) for n in range(len(failed))]
    assert 1 < len(failed) < count
    assert all("MemoryError" in outcomes[name]["error"] for name in failed)
    assert not any(outcome["live"] for outcome in outcomes.values())
    report.assert_clean()


@pytest.mark.parametrize("source", ["nv12", "upload", "decode"])
def test_lost_device(source: str) -> None:
    function = "cuvidDecodePicture" if source == "decode" else "nvEncEncodePicture"
    trial = Trial(Fault(function, first=5, device_lost=True), source)
    outcomes, report = try_all({"lost": trial})
    assert "ExternalError" in outcomes["lost"]["error"]
    assert report.device_lost
    assert report.violations == ()
    first = next(index for index, call in enumerate(report.calls) if call.fault)
    lost = {CudaResult.LAUNCH_FAILED, NvencStatus.DEVICE_NOT_EXIST}
    assert {call.result for call in report.calls[first:]} <= set(map(int, lost))


def test_a_process_that_is_stuck_is_killed_and_leaves_its_log() -> None:
    fault = Fault("nvEncLockBitstream", first=3, delay_ms=60_000)
    code = "from nvsim.scenes import *\nencode_host(make_pictures(9, 64, 32), 'nv12')"
    for seconds in (3, 20):  # a busy machine may take longer to get there
        run = nvsim.run(code, faults=[fault], timeout_seconds=seconds)
        if run.report.delays:
            break
    assert run.timed_out
    assert not run.report.finished
    assert run.report.delays[0].function == "nvEncLockBitstream"
    assert run.report.count("nvEncLockBitstream") == 2
    with pytest.raises(AssertionError, match="killed at its time limit"):
        run.checked()


RETRIES = """
from nvsim.scenes import *
encoder = open_encoder(64, 32, "nv12", {})
packets, errors = [], []
for index, picture in enumerate(make_pictures(12, 64, 32)):
    frame = host_frame(picture, "nv12")
    frame.pts = index
    while True:
        try:
            packets += encoder.encode(frame)
            break
        except (av.FFmpegError, MemoryError) as error:
            errors.append(type(error).__name__)
            if errors.count("BlockingIOError") > 20:
                break
try:
    packets += encoder.encode(None)
except av.FFmpegError as error:
    errors.append(type(error).__name__)
print([packet.pts for packet in packets])
print(*sorted(set(errors)))
"""


@pytest.mark.parametrize(
    ("times", "pts", "errors"),
    [(1, [0, 1, 2, 3, 3, *range(4, 12)], "MemoryError"), (2, [0], "BlockingIOError MemoryError")],
)
def test_an_encoder_that_failed_is_of_no_more_use(times: int, pts: list[int], errors: str) -> None:
    """A frame that is tried again comes out twice; after two failures nothing comes any more."""
    fault = Fault("nvEncEncodePicture", first=4, times=times, code=NvencStatus.OUT_OF_MEMORY)
    run = nvsim.run(RETRIES, faults=[fault]).checked()
    assert run.stdout.splitlines() == [str(pts), errors]
    run.report.assert_clean()


SESSIONS = """
from nvsim.scenes import *
driver = Driver()
def session(hwaccel=None):
    encoder = open_encoder(64, 32, "nv12", {}, hwaccel)
    encoder.open()
    return encoder
cuda = HWAccel("cuda", allow_software_fallback=False)
held = [session(), session()]
for hwaccel in (None, cuda):
    try:
        session(hwaccel)
    except (av.FFmpegError, MemoryError) as error:
        print(type(error).__name__)
held.pop()
gc.collect()
held.append(session())
driver.set_session_limit(3)
held.append(session(cuda))
print(driver.summary()["live"]["session"])
"""


def test_session_limit() -> None:
    run = nvsim.run(SESSIONS, session_limit=2).checked()
    assert run.stdout.split() == ["ExternalError", "MemoryError", "3"]
    opened = [c.result for c in run.report.calls if c.function == "nvEncOpenEncodeSessionEx"]
    assert opened == [0, 0, NvencStatus.OUT_OF_MEMORY, NvencStatus.OUT_OF_MEMORY, 0, 0]
    run.report.assert_clean()


def test_rules() -> None:
    assert Fault("cuMemAlloc_v2", code=CudaResult.OUT_OF_MEMORY).rule == "cuMemAlloc_v2@1+1=code:2"
    assert Fault("cu*", 3, None, skip=True, delay_ms=5).rule == "cu*@3+*=delay:5,skip"
    with pytest.raises(ValueError, match="a fault has one of"):
        Fault("cuInit")
    with pytest.raises(ValueError, match="a fault has one of"):
        Fault("cuInit", code=1, skip=True)


@pytest.mark.parametrize("rule", ["cuInit", "cuInit=explode", "=code:1", "cuInit@0=code:1"])
def test_a_rule_that_cannot_be_read_ends_the_process(rule: str) -> None:
    run = nvsim.run("import nvsim.driver as d; d.Driver()", environment={"NVSIM_FAULTS": rule})
    assert run.returncode == 98
    assert f"cannot read the fault rules '{rule}'" in run.stderr
