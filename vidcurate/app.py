"""What the command does: Hydra composes, `config` checks, `run` works; exit codes say how it ended.

0 done; 1 error; 2 the configuration or the machine cannot do this; 3 done, but too many inputs failed; 75 not done: the
run was stopped, or another holds the dataset, and the same command goes on later.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import hydra
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vidcurate.errors import ConfigError, Stopped, VidcurateError
from vidcurate.groups import GROUPS, conf_dir, config_packages
from vidcurate.guard import refuse_strangers
from vidcurate.shell import Command
from vidcurate.store.mask import masked
from vidcurate.terminal import put_on

if TYPE_CHECKING:
    from vidcurate.config import Job
    from vidcurate.source.base import Source

log = logging.getLogger(__name__)

_command: Command | None = None


class ConfigPackages(SearchPathPlugin):
    """Adds the option folders of other packages: entry points `vidcurate.conf`."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append every folder, after our own."""
        for entry in config_packages():
            search_path.append(provider=entry.name, path=f"pkg://{entry.value}")


class _Ended(BaseException):
    """Brings an error of ours past Hydra, which would print a line of its own before it."""

    def __init__(self, error: VidcurateError) -> None:
        self.error = error


def main(arguments: Sequence[str], command: Command) -> None:
    """Run one job, or several, and end the process with its exit code.

    Args:
        arguments: overrides and flags of Hydra.
        command: by which they were given, for messages that say how to go on.
    """
    global _command
    wants_traceback = "HYDRA_FULL_ERROR" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us instead of being printed one at a time
    Plugins.instance().register(ConfigPackages)
    try:
        refuse_secrets(arguments)
        refuse_strangers(arguments)
        completes = {"-sc", "--shell-completion"} & set(arguments)  # those are no keys that are given values
        sys.argv[1:] = arguments if completes else [forced(argument) for argument in arguments]
        _command = command
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(run)()
    except _Ended as ended:
        _end(ended.error, wants_traceback)
    except (VidcurateError, HydraException, OmegaConfBaseException) as error:
        _end(error, wants_traceback)


def _end(error: Exception, wants_traceback: bool) -> NoReturn:
    if wants_traceback:
        traceback.print_exception(error)
    cause = f"\n{error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    print(masked(f"vidcurate: {error}{cause}"), file=sys.stderr)
    if isinstance(error, Stopped) and _command:
        print(f"go on: {_command.again()}", file=sys.stderr)
    sys.exit(error.exit_code if isinstance(error, VidcurateError) else 2)


def refuse_secrets(arguments: Sequence[str]) -> None:
    """Refuse overrides that hold secrets before Hydra has written them to its folder of outputs.

    Raises:
        ConfigError: there are some.
    """
    ours = [argument.lstrip("+") for argument in arguments if re.match(r"\+*storage[.=]", argument)]
    if not ours:
        return
    from vidcurate.store.options import refused, secrets_in  # brings pydantic, which --cfg need not wait for

    given = OmegaConf.to_container(OmegaConf.from_dotlist(ours))
    if found := list(secrets_in(given, "")):
        raise ConfigError([refused(key.lstrip(".")) for key in found])


class Masking(logging.Filter):
    """Hides credentials in URLs, whoever logs them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a record through, masked."""
        record.msg, record.args = masked(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = masked(logging.Formatter().formatException(record.exc_info))
        return True


def forced(argument: str) -> str:
    """`key=value` as `++key=value`, so that Hydra lets every key through and one message can name all wrong ones."""
    key, equals, _ = argument.partition("=")
    plain = bool(equals) and key.replace(".", "").replace("_", "").isalnum()
    if not plain or key in GROUPS or key.split(".")[0] == "hydra":
        return argument
    return f"++{argument}"


def run(config: DictConfig) -> None:
    """One job: check the config, then do its steps.

    Raises:
        VidcurateError: whatever stops it; `exit_code` says how to end.
    """
    hydra_config = HydraConfig.get()
    local = "basic_launcher" in str(hydra_config.launcher._target_)
    put_on()
    for handler in logging.getLogger().handlers:
        handler.addFilter(Masking())
    if hydra_config.mode == RunMode.RUN and not local:
        log.warning("hydra/launcher is used by sweeps only: add -m, or this run stays on this machine")
    from vidcurate.config import job
    from vidcurate.runtime.stop import heeding

    try:
        checked = job(config)
        if checked.steps == ("doctor",):  # which must not depend on libraries that it is to judge
            _examine(checked)
            return
        if checked.steps == ("tune_shots",) and checked.source is not None:
            _tune(checked, checked.source)
            return
        from vidcurate.run import curate  # heavy libraries are imported once the config is known to be sound

        with heeding(checked.runtime.grace):
            curate(
                checked.recipe,
                source=checked.source,
                out=checked.out,
                steps=checked.steps,
                runtime=checked.runtime,
                embeddings=checked.embeddings,
                columns=checked.columns,
                on_bad=checked.on_bad,
                against=checked.against,
                source_ids=checked.source_ids,
                captions_as=checked.captions_as,
                foreign=checked.foreign,
                seed=checked.seed,
                max_failures=checked.max_failures,
                retry=checked.retry,
                wait=checked.wait,
                storage=checked.storage,
                metrics=checked.metrics,
                config=checked.config,
                command=_command if hydra_config.mode == RunMode.RUN else None,
            )
    except VidcurateError as error:
        if hydra_config.mode == RunMode.MULTIRUN:  # Hydra shows only the first error of a sweep, at its end
            log.error("%s", error)
            if isinstance(error, Stopped) and local:  # an error would let the sweep go on with the next job
                sys.exit(error.exit_code)
            raise
        raise _Ended(error) from error


def _examine(checked: Job) -> None:
    from vidcurate.stage.doctor import Case, examine
    from vidcurate.store.options import use

    use(checked.storage)
    named = {"embeddings": checked.embeddings, "clips": checked.foreign.clips, "decisions": checked.foreign.decisions}
    against = [(f"against[{number}]", place) for number, place in enumerate(checked.against)]
    examine(
        Case(
            recipe=checked.recipe,
            steps=checked.doctor.steps,
            runtime=checked.runtime,
            out=checked.out,
            source=checked.source,
            inputs=(*((key, place) for key, place in named.items() if place), *against),
        )
    )


def _tune(checked: Job, source: Source) -> None:
    from vidcurate.stage.tune_shots import tune_shots
    from vidcurate.store.files import Store
    from vidcurate.store.options import use

    use(checked.storage)
    tune_shots(Store(checked.out), source, checked.recipe.splitter, checked.tune_shots, checked.seed)
