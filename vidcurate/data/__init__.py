"""What a trainer imports: clips from shards, decoded and batched, in an order that can be resumed."""

from vidcurate.data.module import VideoData

__all__ = ["VideoData"]
