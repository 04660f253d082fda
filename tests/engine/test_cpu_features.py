"""What the processor can do."""

from __future__ import annotations

import pytest

from verdigris.engine.cpu_features import cpu_capability, from_cpuinfo, from_sysctl

SAPPHIRE_RAPIDS = """processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum 8481C
flags\t\t: fpu sse2 avx2 avx512f avx512_bf16 avx512_vnni amx_bf16 amx_tile amx_int8

processor\t: 1
model name\t: another one
flags\t\t: fpu
"""
BROADWELL = "model name : Intel Xeon E5-2686 v4\nflags : fpu sse2 avx2 f16c\n"
GRAVITON = "processor : 0\nFeatures : fp asimd asimdhp asimddp sve i8mm bf16\n"
APPLE = """machdep.cpu.brand_string: Apple M2
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_I8MM: 1
hw.optional.arm.FEAT_SME: 0
"""
INTEL_MAC = """machdep.cpu.brand_string: Intel(R) Core(TM) i7
machdep.cpu.features: FPU SSE4.2 AVX1.0
machdep.cpu.leaf7_features: BMI1 AVX2 AVX512F
"""


@pytest.mark.parametrize(
    ("text", "vnni", "amx", "bf16", "dot_product"),
    [
        (SAPPHIRE_RAPIDS, True, True, True, True),
        (BROADWELL, False, False, False, False),
        (GRAVITON, False, False, True, True),
    ],
)
def test_linux_tells_features(
    text: str, vnni: bool, amx: bool, bf16: bool, dot_product: bool
) -> None:
    found = from_cpuinfo(text)
    assert found.known
    assert (found.vnni, found.amx, found.bf16, found.dot_product) == (vnni, amx, bf16, dot_product)


def test_the_first_processor_counts() -> None:
    assert from_cpuinfo(SAPPHIRE_RAPIDS).name == "Intel(R) Xeon(R) Platinum 8481C"


def test_macos_tells_features() -> None:
    apple = from_sysctl(APPLE)
    assert apple.name == "Apple M2"
    assert (apple.dot_product, apple.bf16, apple.vnni) == (True, True, False)
    assert "feat_sme" not in apple.features
    intel = from_sysctl(INTEL_MAC)
    assert intel.features == ("avx2", "avx512f")
    assert not intel.dot_product


def test_the_way_of_8_bit_products_is_said() -> None:
    assert "hardware" in from_cpuinfo(SAPPHIRE_RAPIDS).int8_path
    assert "no pair saturates" in from_cpuinfo(BROADWELL).int8_path
    unknown = from_cpuinfo("")
    assert not unknown.known
    assert "unknown" in unknown.int8_path
    assert unknown.name


def test_this_machine_has_a_name() -> None:
    assert cpu_capability().name
    assert cpu_capability() is cpu_capability()
