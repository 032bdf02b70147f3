"""Where a checkpoint of transformers is read from: a local folder, or the hub and its cache. Its code is never run."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcurate.errors import ConfigError, MissingExtra, MissingWeights
from vidcurate.model.asked import Asked, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A checkpoint.

    Attributes:
        component: registered name of who reads it, for messages.
        key: config key that names it, likewise.
        model: a local folder, or else an id of the hub, `owner/name`.
        local_files_only: whether a hub id may only be looked up in the local cache.
        example: a checkpoint of the hub, for messages.
        extra: the extra of vidcurate that brings transformers.
    """

    component: str
    key: str
    model: str
    local_files_only: bool
    example: str
    extra: str

    @property
    def path(self) -> str:
        """What `from_pretrained` takes.

        Raises:
            MissingWeights: there is no such folder, and it is no id of the hub.
        """
        return str(self._folder or self.model)

    @property
    def offline(self) -> bool:
        """Whether only local files may be read."""
        return self.local_files_only or self._folder is not None

    def config(self) -> Any:
        """The checkpoint's config, once it is known that a folder holds weights beside it; raises as `read` does."""
        self.check_installed()
        self.check_weights()
        if (folder := self._folder) is not None and not (folder / "config.json").exists():
            raise self.missing("holds no config.json")
        return self.read()

    def read(self) -> Any:
        """The checkpoint's config.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: it is not to be had.
            ConfigError: transformers does not know this kind of network.
        """
        self.check_installed()
        from transformers import AutoConfig

        with self.reading():
            return AutoConfig.from_pretrained(self.path, local_files_only=self.offline, trust_remote_code=False)

    def check_installed(self) -> None:
        """Raise `MissingExtra` where transformers is not installed."""
        if importlib.util.find_spec("transformers") is None:
            raise MissingExtra(self.component, package="transformers", extra=self.extra)
        ask(Asked("module", "transformers"))

    def check_weights(self) -> None:
        """Raise `MissingWeights` where a folder holds none."""
        folder = self._folder
        if folder and not any(file.suffix in {".safetensors", ".bin"} for file in folder.iterdir()):
            raise self.missing("holds no weights")
        ask(Asked("weights", self.model, folder) if folder else Asked("checkpoint", self.model))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say in our words what transformers says of files that are absent or unknown, and keep it quiet."""
        from transformers.utils import logging

        level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield
        except OSError as error:
            raise self.missing(f"cannot be read ({str(error).splitlines()[0]})") from error
        except ValueError as error:
            raise ConfigError([f"{self.key}={self.model!r}: {str(error).splitlines()[0]}"]) from error
        finally:
            logging.set_verbosity(level)
            if bar:
                logging.enable_progress_bar()

    @property
    def _folder(self) -> Path | None:
        path = Path(self.model).expanduser()
        if path.is_dir():
            return path
        if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", self.model):
            return None
        raise MissingWeights(
            f"{self.model}: no such folder of a {self.component} checkpoint, and no id of the hub (owner/name): "
            f"hf download {self.example} --local-dir {self.model}"
        )

    def missing(self, what: str) -> MissingWeights:
        """The error that says what is amiss with it, and how to get it."""
        fetch = f"{self.example} --local-dir {self.model}" if self._folder else self.model
        return MissingWeights(f"{self.component} checkpoint {self.model} {what}: hf download {fetch}")
