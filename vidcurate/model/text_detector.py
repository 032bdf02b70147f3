"""Where there is text in a picture: PP-OCR's detector, without reading it.

Network: PP-OCRv6 small (PaddleOCR, Apache-2.0), as ONNX in the package rapidocr, whose code is not imported. It gives
for every pixel the probability of a text line's core; lines are grown back as Liao et al. 2020, arXiv:1911.08947,
section 3.4 have it, here as upright rectangles. It was trained on pictures with text, and where there is none it finds
some: of 70 clips 33 without a letter had "text" on more than a tenth of the picture. So every picture is shown above a
strip of text of ours. With that in view it finds none in 58 of the 70, and ten of the others have signs, titles or
marks in them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vidcurate.model.weights import PP_OCR_DETECTOR

Boxes: TypeAlias = NDArray[np.float32]
"""float32 [n, 4]: left, top, right, bottom, as shares of the picture."""
Detect = Callable[[NDArray[np.uint8]], Boxes]
"""uint8 [height, width, 3] RGB, sides that 32 divides -> lines of text."""

PIXEL, LINE = 0.3, 0.6
"""Probabilities from which a pixel is text, and from which a line is one by the mean over its pixels."""
GROWTH = 1.6
"""A core is grown by this times its area over its perimeter."""
LEAST = 3, 6
"""Pixels on either side of a core and in the height of a line that are asked for."""


def load_text_detector() -> Detect:
    """The detector on one core of the CPU.

    Raises:
        MissingWeights: the package that brings the network is not installed.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    network = onnxruntime.InferenceSession(str(PP_OCR_DETECTOR.verified()), options, providers=["CPUExecutionProvider"])

    def detect(image: NDArray[np.uint8]) -> Boxes:
        height, width = image.shape[:2]
        shown = np.vstack([image, _reference(width)])[:, :, ::-1]  # it takes blue, green, red
        pixels = (shown.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        (maps,) = network.run(None, {network.get_inputs()[0].name: pixels})
        return np.asarray(lines(maps[0, 0, :height]) / (width, height, width, height), np.float32)

    return detect


def lines(probabilities: NDArray[np.float32]) -> Boxes:
    """Lines of text in pixels: float32 [n, 4], left, top, right, bottom.

    Args:
        probabilities: float32 [height, width].
    """
    import cv2

    height, width = probabilities.shape
    count, labels, parts, _ = cv2.connectedComponentsWithStats((probabilities > PIXEL).astype(np.uint8), connectivity=8)
    found = []
    for part in range(1, count):
        left, top, wide, high, _ = (int(number) for number in parts[part])
        inside = slice(top, top + high), slice(left, left + wide)
        if min(wide, high) < LEAST[0] or probabilities[inside][labels[inside] == part].mean() < LINE:
            continue
        grow = GROWTH * wide * high / (2 * (wide + high))
        box = max(0, left - grow), max(0, top - grow), min(width, left + wide + grow), min(height, top + high + grow)
        if box[3] - box[1] >= LEAST[1]:
            found.append(box)
    return np.array(found, np.float32).reshape(-1, 4)


def _reference(width: int) -> NDArray[np.uint8]:
    """A strip of black text on white: uint8 [64, width, 3]."""
    import cv2

    strip = np.full((64, width, 3), 255, np.uint8)
    cv2.putText(strip, "the quick brown fox jumps over", (24, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, 16)
    return strip
