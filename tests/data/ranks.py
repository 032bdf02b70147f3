"""What the ranks of a test do, each in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import torch


def look(rank: int, world: int, dataset: str, folder: str) -> None:
    """Write down what one rank sees in two epochs, once all have seen it."""
    from vidcurate.data import VideoData

    torch.set_num_threads(1)  # a fork inherits no threads
    torch.distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=world)
    data = VideoData(dataset, batch_size=2, frames=1, even="none")
    loader = data.train_dataloader()
    seen = [[key for batch in loader for key in batch["key"]] for _ in range(2)]
    torch.distributed.barrier()
    Path(folder, f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")
    torch.distributed.destroy_process_group()
