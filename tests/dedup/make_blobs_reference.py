"""Writes blobs.npz: the 1500 points on which NeMo Curator's tests count what SemDeDup removes.

Run once with scikit-learn 1.x, which the project does not depend on: `python make_blobs_reference.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import make_blobs

points, _ = make_blobs(n_samples=[100, 200, 300, 400, 500], n_features=3, centers=None, random_state=42)
np.savez_compressed(Path(__file__).with_name("blobs.npz"), points=points.astype(np.float32))
