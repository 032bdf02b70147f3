"""Models that remember what they were shown, and trainers for them that say and write little."""

from __future__ import annotations

from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint


class Memory(LightningModule):
    """A model of one number that remembers what it was shown, and fails at a step if asked."""

    def __init__(self, failing: int | None = None) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.failing = failing
        self.shown: list[list[str]] = []
        self.evaluated: list[list[str]] = []

    def training_step(self, batch, index):
        if self.failing == len(self.shown):
            raise RuntimeError("the machine fails")
        self.shown.append(batch["key"])
        return self.weight * batch["video"].float().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


class Evaluated(Memory):
    """One that is evaluated too."""

    def validation_step(self, batch, index):
        self.evaluated.append(batch["key"])


def trainer(folder: Path, **options) -> Trainer:
    return Trainer(
        accelerator="cpu",
        default_root_dir=str(folder),
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **{"enable_checkpointing": False} | options,
    )


def saving(folder: Path, **every) -> dict:
    """Options of a trainer that saves."""
    return {"enable_checkpointing": True, "callbacks": [ModelCheckpoint(dirpath=folder, save_top_k=-1, **every)]}
