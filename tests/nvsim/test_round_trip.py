"""Pictures through FFmpeg's NVENC and NVDEC code come back bit for bit, and the order of calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

import nvsim
from nvsim import SimulatorReport, SimulatorRun

# name: width, height, where from, pictures, options of the encoder
CASES: dict[str, tuple[int, int, str, int, dict[str, str]]] = {
    "nv12": (320, 180, "nv12", 9, {}),
    "yuv420p": (320, 180, "yuv420p", 9, {}),
    "ten-bits": (178, 98, "p010le", 6, {}),
    "cropped": (178, 98, "yuv420p", 6, {}),
    "one-macroblock": (16, 16, "nv12", 5, {}),
    "large": (640, 360, "nv12", 3, {}),
    "one-picture": (64, 32, "nv12", 1, {}),
    "no-delay": (64, 32, "nv12", 7, {"delay": "0"}),
    "delay": (64, 32, "nv12", 12, {"delay": "2", "surfaces": "8"}),
    "surfaces": (64, 32, "nv12", 40, {"surfaces": "32"}),
    "b-pictures": (178, 98, "nv12", 11, {"bf": "2"}),
    "b-pictures-and-gop": (64, 32, "nv12", 23, {"bf": "3", "g": "7"}),
    "b-pictures-ten-bits": (64, 32, "p010le", 8, {"bf": "2"}),
    "lookahead": (64, 32, "nv12", 40, {"rc-lookahead": "8", "surfaces": "24"}),
    "lookahead-and-b": (64, 32, "nv12", 40, {"rc-lookahead": "8", "bf": "3"}),
    "uploaded-nv12": (178, 98, "upload nv12", 9, {}),
    "uploaded-yuv420p": (178, 98, "upload yuv420p", 9, {"bf": "2"}),
    "uploaded-ten-bits": (178, 98, "upload p010le", 9, {}),
    "device": (320, 180, "device", 50, {}),
    "device-cropped": (178, 98, "device", 12, {"delay": "0"}),
    "device-b-pictures": (178, 98, "device", 30, {"bf": "2", "g": "10"}),
    "device-lookahead": (64, 32, "device", 40, {"rc-lookahead": "8"}),
}

ROUND_TRIPS = """
import json, sys
from nvsim.scenes import *
driver = Driver()
for name, (width, height, source, count, options) in json.loads(sys.argv[1]).items():
    driver.mark(name)
    pictures = make_pictures(count, width, height, deep="p010le" in source)
    if source == "device":
        with primary_context(driver):
            check(pictures, encode_device(driver, pictures, options))
    else:
        form, upload = source.split()[-1], source.startswith("upload")
        check(pictures, encode_host(pictures, form, options, upload=upload))
    gc.collect()
"""


@pytest.fixture(scope="module")
def round_trips() -> SimulatorReport:
    return nvsim.run(ROUND_TRIPS, [json.dumps(CASES)]).checked().report


@pytest.mark.parametrize("case", CASES)
def test_every_sample_comes_back(round_trips: SimulatorReport, case: str) -> None:
    count = CASES[case][3]
    assert round_trips.kinds(case) == []
    assert round_trips.count("nvEncEncodePicture", case) == count
    assert round_trips.count("nvEncLockBitstream", case) == count
    assert round_trips.count("cuvidDecodePicture", case) == count
    assert round_trips.count("cuvidUnmapVideoFrame64", case) == count


def test_nothing_is_left(round_trips: SimulatorReport) -> None:
    round_trips.assert_clean()
    assert round_trips.pictures_encoded == sum(case[3] for case in CASES.values())
    assert round_trips.pictures_lost == 0
    assert round_trips.kernels == sum(case[3] for case in CASES.values() if case[2] == "device")


ONE_BY_ONE = """
from nvsim.scenes import *
driver = Driver()
pictures = make_pictures(3, 64, 32)

driver.mark("host")
encode_host(pictures, "nv12", {"delay": "1"})
gc.collect()

driver.mark("device")
with primary_context(driver):
    encode_device(driver, pictures, {"delay": "1"})

driver.mark("b-pictures")
encode_host(make_pictures(5, 64, 32), "nv12", {"bf": "2"})

driver.mark("forced-idr")
def force(index, frame):
    if index == 3:
        frame.pict_type = av.video.frame.PictureType.I
pictures = make_pictures(7, 64, 32)
packets = encode_host(pictures, "nv12", {"forced-idr": "1", "bf": "2"}, force)
assert [packet.pts for packet in packets if packet.is_keyframe] == [0, 3]
check(pictures, packets)

driver.mark("duration")
def lengthen(index, frame):
    frame.duration = index + 1
packets = encode_host(pictures, "nv12", {"bf": "2"}, lengthen)
assert sorted((packet.pts, packet.duration) for packet in packets) == [(i, i + 1) for i in range(7)]

driver.mark("tags")
encoder = open_encoder(64, 32, "nv12", {"delay": "0"})
encoder.colorspace, encoder.color_range = 1, 1
encoder.color_primaries, encoder.color_trc = 1, 1
frame = host_frame(pictures[0], "nv12")
frame.pts = 0
frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
decoder = av.CodecContext.create("h264", "r")
shown = [f for p in [*encoder.encode(frame), *encoder.encode(None)] for f in decoder.decode(p)]
shown += decoder.decode(None)
print([(f.colorspace, f.color_range, f.color_primaries, f.color_trc) for f in shown])
print(decoder.framerate == RATE)

driver.mark("refused")
for size, name in (((64, 32), "hevc_nvenc"), ((64, 32), "av1_nvenc")):
    try:
        encoder = av.CodecContext.create(name, "w")
        encoder.width, encoder.height, encoder.pix_fmt = 64, 32, "nv12"
        encoder.time_base = Fraction(1, 25)
        encoder.open()
    except av.FFmpegError as error:
        print(name, type(error).__name__)
encoder = av.CodecContext.create("libx264", "w")
encoder.width, encoder.height, encoder.pix_fmt = 64, 32, "yuv420p"
encoder.time_base = Fraction(1, 25)
packets = encoder.encode(host_frame(pictures[0], "yuv420p")) + encoder.encode(None)
try:
    decode(packets, hardware=True)
except av.FFmpegError as error:
    print("libx264", type(error).__name__)
try:
    encode_host([np.zeros((27, 33), np.uint8)], "nv12")
except av.FFmpegError as error:
    print("odd", type(error).__name__)
del encoder, decoder, frame, shown, packets
"""


@pytest.fixture(scope="module")
def one_by_one() -> SimulatorRun:
    return nvsim.run(ONE_BY_ONE).checked()


def interesting(report: SimulatorReport, mark: str) -> Iterator[str]:
    """Calls of a mark as short words: what is said of frames, without contexts and queries."""
    dull = re.compile(r"cuCtx|cuInit|cuDevice|Caps|GUID|Preset|Version|Instance|Streams|Sequence")
    for call in report.calls:
        if call.mark == mark and not dull.search(call.function):
            yield call.function.removeprefix("nvEnc")


def test_order_of_calls_from_the_host(one_by_one: SimulatorRun) -> None:
    one = ["LockInputBuffer", "UnlockInputBuffer", "EncodePicture"]
    output = ["LockBitstream", "UnlockBitstream"]
    made = ["CreateInputBuffer", "CreateBitstreamBuffer"] * 4
    ended = ["DestroyInputBuffer", "DestroyBitstreamBuffer"] * 4
    assert list(interesting(one_by_one.report, "host")) == [
        *["OpenEncodeSessionEx", "InitializeEncoder", *made],
        *[*one, *output, *one, *output, *one, *output],
        *["EncodePicture(EOS)", "EncodePicture(EOS)", *ended, "DestroyEncoder"],
    ]


def test_order_of_calls_from_the_device(one_by_one: SimulatorRun) -> None:
    """Register, map, encode; lock, unlock, unmap; the end; then the memory, then the context."""
    kernel = ["nvsim_shadow", "nvsim_kernel"]
    one = ["RegisterResource", "MapInputResource", "EncodePicture"]
    output = ["LockBitstream", "UnlockBitstream", "UnmapInputResource"]
    calls = list(interesting(one_by_one.report, "device"))
    calls = calls[calls.index("nvsim_shadow") : calls.index("cuMemFree_v2")]
    made = ["OpenEncodeSessionEx", "InitializeEncoder", *["CreateBitstreamBuffer"] * 4]
    end = ["UnregisterResource"] * 3 + ["DestroyBitstreamBuffer"] * 4 + ["DestroyEncoder"]
    assert calls == [
        *[*kernel, *made, *one, *output, *kernel, *one, *output, *kernel, *one, *output],
        *["EncodePicture(EOS)", "EncodePicture(EOS)", *end],
    ]
    assert one_by_one.report.functions("device")[-1] == "cuDevicePrimaryCtxRelease"


def test_b_pictures_wait_for_the_next_anchor(one_by_one: SimulatorRun) -> None:
    calls = [call for call in one_by_one.report.calls if call.mark == "b-pictures"]
    needs_more = int(nvsim.NvencStatus.NEED_MORE_INPUT)
    encoded = [call.result for call in calls if call.function == "nvEncEncodePicture"]
    assert encoded == [0, needs_more, needs_more, 0, needs_more]
    locked = [call.arguments for call in calls if call.function == "nvEncLockBitstream"]
    pts = [int(re.findall(r"pts=(\d+)", text)[0]) for text in locked]
    assert pts == [0, 3, 1, 2, 4]


def test_forced_idr_and_durations_and_tags(one_by_one: SimulatorRun) -> None:
    assert one_by_one.stdout.splitlines()[:2] == ["[(1, 1, 1, 1)]", "True"]


def test_what_the_simulator_cannot_do_is_refused(one_by_one: SimulatorRun) -> None:
    assert one_by_one.stdout.splitlines()[2:] == [
        "hevc_nvenc ExternalError",
        "av1_nvenc ExternalError",
        "libx264 ExternalError",
        "odd NotImplementedError",
    ]
    one_by_one.report.assert_clean()


CONTAINERS = """
import io
from nvsim.scenes import *
pictures = make_pictures(12, 178, 98)
for form in ("mp4", "matroska", "mpegts"):
    file = io.BytesIO()
    with av.open(file, "w", format=form) as output:
        stream = output.add_stream("h264_nvenc", rate=RATE, options={"bf": "2", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 178, 98, "nv12"
        for index, picture in enumerate(pictures):
            frame = host_frame(picture, "nv12")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    del stream, output
    for hwaccel in (None, HWAccel("cuda", allow_software_fallback=False)):
        file.seek(0)
        with av.open(file, hwaccel=hwaccel) as source:
            frames = list(source.decode(video=0))
            assert len(frames) == 12 and source.streams.video[0].average_rate == RATE
        for picture, frame in zip(pictures, frames, strict=True):
            assert np.array_equal(picture_of(frame), picture), form
        del source, frames, frame
"""


def test_parameter_sets_in_containers_and_in_the_stream() -> None:
    nvsim.run(CONTAINERS).checked().report.assert_clean()


TOO_EARLY = """
from nvsim.scenes import *
driver = Driver()
pictures = make_pictures(6, 64, 32)
with primary_context(driver):
    context = CudaContext(0, primary_ctx=True)
    encoder = open_encoder(64, 32, "cuda", {"delay": "2"})
    surface = DeviceSurface(driver, 64, 32)
    driver.mark("reuse")
    packets = []
    for index, picture in enumerate(pictures):
        surface.write(picture)
        frame = surface.frame(context)
        frame.pts = index
        packets += encoder.encode(frame)
        del frame
    packets += encoder.encode(None)
    shown = [picture_of(frame) for frame in decode(packets, hardware=False)]
    print([np.array_equal(*both) for both in zip(shown, pictures, strict=True)])
    driver.mark("free")
    surface.free()
    del encoder, context
"""


def test_surfaces_that_are_used_again_or_freed_too_early() -> None:
    """Wrong pixels every time, not now and then; and memory that the encoder still knows."""
    run = nvsim.run(TOO_EARLY).checked()
    assert run.stdout.strip() == str([False] * 5 + [True])
    assert run.report.kinds("reuse") == ["surface-changed-in-flight"] * 5
    assert run.report.kinds("free") == ["free-while-registered"]


TRANSCODE = """
import io
from nvsim.scenes import *
driver = Driver()
pictures = make_pictures(30, 320, 176)
packets = encode_host(pictures, "nv12")
driver.mark("transcode")
before = driver.summary()["copies"]
hwaccel = HWAccel("cuda", allow_software_fallback=False, is_hw_owned=True)
decoder = av.CodecContext.create("h264", "r", hwaccel=hwaccel)
encoder = open_encoder(320, 176, "cuda", {"bf": "0"})
second = []
for packet in [*packets, None]:
    for frame in decoder.decode(packet):
        second += encoder.encode(frame)
second += encoder.encode(None)
after = driver.summary()["copies"]
for name in ("host_to_device", "device_to_host", "encoder_input"):
    assert after[name] == before[name], name
copied = after["device_to_device"]["calls"] - before["device_to_device"]["calls"]
assert copied == 2 * 30, copied
del frame, encoder, decoder
gc.collect()
driver.mark("check")
check(pictures, second)
"""


def test_transcoding_on_the_device_never_touches_the_host() -> None:
    report = nvsim.run(TRANSCODE).checked().report
    report.assert_clean()
    assert report.count("nvEncRegisterResource", "transcode") > 1
    assert report.count("cuvidMapVideoFrame64", "transcode") == 30


THREADS = """
import threading
from nvsim.scenes import *
driver = Driver()
pictures = make_pictures(20, 64, 32)
def work():
    for _ in range(3):
        check(pictures, encode_host(pictures, "nv12", {"bf": "1"}))
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_work_side_by_side() -> None:
    report = nvsim.run(THREADS).checked().report
    report.assert_clean()
    assert report.pictures_locked == 4 * 3 * 20
    assert len({call.thread for call in report.calls}) >= 4
    assert [call.sequence for call in report.calls] == list(range(1, len(report.calls) + 1))
