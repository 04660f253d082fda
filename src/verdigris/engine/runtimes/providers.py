"""The providers of ONNX Runtime by the names that users ask for, and what has to be installed."""

from __future__ import annotations

from dataclasses import dataclass

import onnxruntime

from verdigris.errors import RuntimeUnavailable


@dataclass(frozen=True, slots=True)
class Provider:
    """One execution provider of ONNX Runtime."""

    name: str
    onnxruntime_name: str
    package: str
    """The distribution of ONNX Runtime that has it; only one can be installed at a time."""


PROVIDERS = (
    Provider("cpu", "CPUExecutionProvider", "onnxruntime"),
    Provider("coreml", "CoreMLExecutionProvider", "onnxruntime (on macOS)"),
    Provider("cuda", "CUDAExecutionProvider", "onnxruntime-gpu"),
    Provider("tensorrt", "TensorrtExecutionProvider", "onnxruntime-gpu"),
    Provider("directml", "DmlExecutionProvider", "onnxruntime-directml"),
    Provider("openvino-ep", "OpenVINOExecutionProvider", "onnxruntime-openvino"),
    Provider("migraphx", "MIGraphXExecutionProvider", "onnxruntime-migraphx"),
    Provider("qnn", "QNNExecutionProvider", "onnxruntime-qnn"),
    Provider("xnnpack", "XnnpackExecutionProvider", "a build of your own with XNNPACK"),
)


def provider_row(name: str) -> Provider:
    """The row of a provider. Raises RuntimeUnavailable, which lists what there is."""
    for row in PROVIDERS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in PROVIDERS)
    raise RuntimeUnavailable(f"no provider named {name!r}; known providers: {known}")


def available_providers() -> tuple[str, ...]:
    """Providers that this ONNX Runtime lists, by the names that users ask for them.

    Listed does not mean working: only a session that runs, and its self-check, shows that.
    """
    listed = onnxruntime.get_available_providers()
    return tuple(row.name for row in PROVIDERS if row.onnxruntime_name in listed)


def wanted_provider(name: str) -> Provider:
    """The row of a provider that this ONNX Runtime lists.

    Raises RuntimeUnavailable that says what to install.
    """
    row = provider_row(name)
    present = available_providers()
    if name not in present:
        raise RuntimeUnavailable(
            f"provider {name!r} is not in this ONNX Runtime {onnxruntime.__version__}, which has "
            f"{', '.join(present)}; uninstall onnxruntime and install {row.package}"
        )
    return row


def name_of(onnxruntime_name: str) -> str:
    """The user's name of a provider; an unknown one keeps the name it has."""
    for row in PROVIDERS:
        if row.onnxruntime_name == onnxruntime_name:
            return row.name
    return onnxruntime_name
