"""The GPU's compiler takes the kernels' headers as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

core = pytest.importorskip("cuda.core", reason="cuda.core is not installed")

KERNELS = Path(__file__).parents[2] / "src/edl2ffmpeg/compositor/kernels"


@pytest.fixture(scope="module")
def device() -> Any:
    try:
        device = core.Device()
        device.set_current()
    except Exception as error:
        pytest.skip(f"no NVIDIA GPU: {error}")
    return device


@pytest.mark.parametrize("header", sorted(path.name for path in KERNELS.glob("*.h")))
def test_the_compiler_takes_the_header(device: Any, header: str) -> None:
    options = core.ProgramOptions(
        std="c++17", arch=f"sm_{device.arch}", include_path=str(KERNELS), fma=False
    )
    code = f'#include "{header}"\nextern "C" __global__ void probe() {{}}\n'
    core.Program(code, "c++", options).compile("cubin")
