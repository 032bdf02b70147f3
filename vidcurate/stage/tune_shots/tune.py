"""From a source to the splitter that suits it: reels are made, looked at once, and every splitter is tried on them."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from fsspec.implementations.local import LocalFileSystem

from vidcurate.errors import MediaError, MissingInput, VidcurateError
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.recipe import TuneShots
from vidcurate.source.base import Input, Source
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.tape import Tape, is_kept
from vidcurate.stage.tune_shots.choose import Result, Trial, as_it_is, chosen, doubted, is_better, judged
from vidcurate.stage.tune_shots.grid import default
from vidcurate.stage.tune_shots.reels import FPS, SHOT, Reel, Take, reel
from vidcurate.stage.tune_shots.report import EXPERIMENT, FOLDER, command, table, write_results
from vidcurate.store.files import Store
from vidcurate.store.reach import located
from vidcurate.store.scratch import scratch, staged
from vidcurate.store.trouble import demand_writable

log = logging.getLogger(__name__)


def tune_shots(store: Store, source: Source, current: Splitter, settings: TuneShots, seed: int = 0) -> Result:
    """Choose a splitter and its thresholds by F1 on reels made of a source's videos.

    Args:
        store: where reels, results and the experiment go.
        source: videos; best those that show one shot each.
        current: the splitter that the config has, which is tried too and kept unless another is better.
        settings: how many reels there are, and of which splitters one is chosen.
        seed: of all that is drawn.

    Returns:
        the splitter that was chosen, and its scores.

    Raises:
        MissingInput: fewer than two videos can be used.
        ConfigError: what a splitter sees cannot be kept, or there is none of that name.
        VidcurateError: none can run here.
    """
    demand_writable(store)
    splitters = list(_able([*(default(name, current) for name in settings.splitters if name != current.name)]))
    splitters = ([current] if is_kept(current) else []) + splitters
    if not splitters:
        raise VidcurateError("tune_shots: none of the splitters can run here; see +experiment=doctor")
    device = best_device()
    with ExitStack() as held, store.staging() as folder:
        takes = list(_takes(source, settings, random.Random(f"{seed}/videos"), held))
        reels = list(progress(_reels(takes, folder, settings, seed), settings.reels, "tune_shots: reels"))
        trials = [_trial(folder, made, splitters, device) for made in reels]
        for made in reels:
            store.put(folder / made.name, f"{FOLDER}/{made.name}")
    store.write_json(f"{FOLDER}/ground_truth.json", [made.labels() for made in reels])
    held_out = len(trials) // 2
    halves = trials[:-held_out], trials[-held_out:]
    results = [judged(splitter, *halves) for splitter in splitters]
    choice = chosen(results)
    simpler = [choice.start, *([current] if is_kept(current) else [])]  # stay, unless what was tuned is better
    for splitter in dict.fromkeys(one for one in simpler if one != choice.splitter):
        plain = as_it_is(splitter, *halves)
        results.insert(0, plain)
        choice = choice if is_better(choice, plain) else plain
    write_results(store, results, choice, current, trials, held_out)
    log.info("tune_shots:\n%s", "\n".join(table(results, choice)))
    log.info("%s is written; to use it: %s", store.place(EXPERIMENT), command(store))
    return choice


def _able(splitters: Sequence[Splitter]) -> Iterator[Splitter]:
    """Those that can run here."""
    for splitter in splitters:
        try:
            splitter.check()
        except VidcurateError as error:
            log.warning("tune_shots: splitter=%s is left out: %s", splitter.name, error)
        else:
            yield splitter


def _takes(source: Source, settings: TuneShots, chance: random.Random, held: ExitStack) -> Iterator[Take]:
    """Videos that can be used, drawn by chance; those of remote stores are copied here for as long as `held` is."""
    from vidcurate.video.probe import probe

    inputs = sorted(source.inputs(), key=lambda entry: entry.uri)
    chance.shuffle(inputs)
    count = 0
    for entry in inputs:
        if count == settings.videos:
            break
        try:
            path = _local(entry, held)
            info = probe(path, source.limits)
        except (MediaError, OSError) as error:
            log.warning("tune_shots: %s: %s", entry.uri, error)
            continue
        if info.duration * FPS < SHOT[0]:
            log.info("tune_shots: %s lasts %.1f s, too short for a shot", entry.uri, info.duration)
            continue
        count += 1
        yield Take(uri=entry.uri, path=path, info=info)
    if count < 2:
        raise MissingInput(
            f"tune_shots: {count} of {len(inputs)} videos of the source can be used, and reels take 2 at least of "
            f"{SHOT[0] / FPS:g} s or more: give source.path=DIR with some"
        )


def _local(entry: Input, held: ExitStack) -> str:
    fs, name = located(entry.path)
    if isinstance(fs, LocalFileSystem):
        return str(name)
    local = held.enter_context(staged(scratch())) / f"video{PurePosixPath(name).suffix}"
    fs.get_file(name, str(local))
    return str(local)


def _reels(takes: Sequence[Take], folder: Path, settings: TuneShots, seed: int) -> Iterator[Reel]:
    """Reels for tuning, then those that are held out; of other videos where there are enough."""
    half = len(takes) // 2
    apart = (takes[half:], takes[:half]) if half >= 2 else (takes, takes)
    held_out = settings.reels // 2
    for number in range(settings.reels):
        ours = apart[number >= settings.reels - held_out]
        yield reel(ours, folder / f"reel{number}.mp4", settings.shots, random.Random(f"{seed}/reel{number}"))


def _trial(folder: Path, made: Reel, splitters: Sequence[Splitter], device: str) -> Trial:
    from vidcurate.video.lookahead import Lookahead
    from vidcurate.video.probe import probe

    path = str(folder / made.name)
    tape = Tape(Lookahead(path, probe(path), max_bytes=0).thumbnails(None), splitters, device)
    return Trial(reel=made, tape=tape, doubtful=doubted(made, tape, splitters))
