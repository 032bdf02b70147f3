"""semantic/advice.{json,md}: what is known of epsilon, for programs, for people, and as lines for the log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from vidcurate.report.units import counted, thousands
from vidcurate.stage.advise import Advice
from vidcurate.stage.chance import PER_CLIP, Chance
from vidcurate.stage.precision import Band, Precision, Request, doubtful
from vidcurate.store.files import Store

NAME = "semantic/advice"

ESTIMATOR = (
    "Precision at an epsilon is the share of all pairs above 1 - eps that show the same: the mean of the bands' "
    "shares, each weighted by the pairs it holds above 1 - eps. Its 95% interval is Wilson's at the effective size of "
    "the sample; a band that is marked in full leaves nothing open. Unsure pairs count for nothing."
)


def write_files(store: Store, advice: Advice) -> None:
    """Write both files."""
    store.write_json(f"{NAME}.json", facts(advice))
    store.write(f"{NAME}.md", markdown(advice).encode())


def facts(advice: Advice) -> dict[str, Any]:
    """What advice.json holds; shares and similarities are 0 to 1."""
    return {
        "comparison": advice.made_from,
        "clips": len(advice.ids),
        "clips_that_others_stand_for": advice.twins,
        "floor": advice.graph.floor,
        "estimator": ESTIMATOR,
        "target": advice.target,
        "bands": [_band(advice, band) for band in advice.bands],
        "advice": _advised(advice, advice.best) if advice.best else None,
        "request": _request(advice.request) if advice.request else None,
        "chance": _chance(advice, advice.chance) if advice.chance else None,
    }


def lines(advice: Advice) -> Iterator[str]:
    """The advice for the log."""
    marked, drawn = sum(band.marked for band in advice.bands), len(advice.shown)
    yield f"{counted(drawn, 'pairs')} to mark, {thousands(marked)} of them judged"
    for band in advice.bands:
        if band.marked:
            low, high = band.interval
            share = f"{band.share:.1%} ({low:.1%} - {high:.1%})"
            yield f"similarity {between(band)}: {band.same} of {band.marked} same, {share}"
    yield sentence(advice)
    if warned := caution(advice):
        yield warned
    if advice.request:
        yield request(advice.request)
    if advice.chance:
        yield suggestion(advice, advice.chance)
    if advice.best:
        yield f"to decide at it: dedup.eps={advice.best.eps!r}"


def sentence(advice: Advice) -> str:
    """What epsilon is advised."""
    best = advice.best
    if not best:
        return f"no epsilon is advised yet: none has a precision whose lower end is {advice.target:.1%} or more"
    kept = advice.kept[best.eps]
    return (
        f"advised is eps={best.eps!r}: {best.share:.1%} of {counted(best.pairs, 'pairs')} are the same "
        f"({best.low:.1%} - {best.high:.1%}); it keeps {thousands(kept)} of {counted(len(advice.ids), 'clips')} "
        f"and drops {thousands(len(advice.ids) - kept)}{_by_chance(advice.chance, best.eps)}"
    )


def caution(advice: Advice) -> str:
    """Which band of the advised epsilon is less precise by itself than was wished; empty if none is."""
    band = doubtful(advice.bands, advice.best.eps, advice.target) if advice.best else None
    if not band:
        return ""
    without = f"; eps={band.inner!r} leaves it out" if band.inner else ""
    return f"of its pairs of similarity {between(band)}, {band.share:.1%} are the same{without}"


def request(wanted: Request) -> str:
    """Which marks are wanted."""
    where = ", ".join(f"{thousands(count)} of similarity {between(band)}" for band, count in wanted.more.items())
    return (
        f"{counted(wanted.total, 'more marks')} as same would carry it to eps={wanted.eps!r}: {where}; "
        f"advise.per_band={wanted.per_band} draws enough"
    )


def explanation(chance: Chance) -> str:
    """What was compared at random."""
    kind = (
        "pairs of clips from different sources" if chance.by_source else "pairs of clips, whose sources are not known,"
    )
    doubt = "What is above 1 - eps is alike by chance, unless two sources hold the same picture"
    if chance.is_whole:
        return f"All {thousands(chance.drawn)} {kind} were compared. {doubt}."
    which = f"{thousands(chance.drawn)} random ones of {thousands(chance.all_pairs)} {kind} were compared."
    return f"{which} {doubt}; of all such pairs, the share is at most what stands beside it, with 95% confidence."


def suggestion(advice: Advice, chance: Chance) -> str:
    """What epsilon chance suggests."""
    rule = f"at most one pair by chance for {round(1 / PER_CLIP)} clips"
    suggested = chance.suggested(list(advice.pairs))
    if suggested is not None:
        return f"without labels: eps={suggested!r} is the largest that brings {rule}"
    spotless = max((eps for eps in advice.pairs if not chance.over(eps)), default=None)
    if spotless is None:
        return f"without labels: every epsilon brings more than {rule}"
    return (
        f"without labels: {counted(chance.drawn, 'random pairs')} cannot prove {rule} among so many clips; "
        f"none of them is above 1 - eps up to eps={spotless!r}"
    )


def between(band: Band) -> str:
    """A band in words of similarity."""
    return f"{round(1 - band.outer, 4):g} - {round(1 - band.inner, 4):g}"


def markdown(advice: Advice) -> str:
    """What advice.md holds."""
    head = [
        "similarity",
        "eps",
        "pairs",
        "same",
        "different",
        "unsure",
        "precision",
        "95% interval",
        "random pairs above",
    ]
    rows = [head, ["---:"] * len(head), *(_cells(advice, band) for band in advice.bands)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    parts = ["# Epsilon", f"{capital(sentence(advice))}."]
    if warned := caution(advice):
        parts.append(f"{capital(warned)}.")
    if advice.best:
        parts.append(f"```\ndedup.eps={advice.best.eps!r}\n```")
    if advice.request:
        parts.append(f"{capital(request(advice.request))}.")
    parts += [table, ESTIMATOR]
    if advice.chance:
        parts += [f"{capital(suggestion(advice, advice.chance))}.", explanation(advice.chance)]
    return "\n\n".join(parts) + "\n"


def _cells(advice: Advice, band: Band) -> list[str]:
    low, high = band.interval
    judged = [f"{band.share:.1%}", f"{low:.1%} - {high:.1%}"] if band.marked else ["", ""]
    counts = [thousands(count) for count in (band.pairs, band.same, band.different, band.unsure)]
    chance = advice.chance
    over = f"{thousands(chance.over(band.outer))} of {thousands(chance.drawn)}" if chance else ""
    return [between(band), f"{band.outer!r}", *counts, *judged, over]


def _by_chance(chance: Chance | None, eps: float) -> str:
    return f"; {thousands(chance.over(eps))} of {counted(chance.drawn, 'random pairs')} are above it" if chance else ""


def _band(advice: Advice, band: Band) -> dict[str, Any]:
    low, high = band.interval
    return {
        "eps_inner": band.inner,
        "eps": band.outer,
        "pairs": band.pairs,
        "same": band.same,
        "different": band.different,
        "unsure": band.unsure,
        "precision": None if math.isnan(band.share) else band.share,
        "low": low,
        "high": high,
        "kept": advice.kept[band.outer],
    }


def _advised(advice: Advice, best: Precision) -> dict[str, Any]:
    kept, band = advice.kept[best.eps], doubtful(advice.bands, best.eps, advice.target)
    return {
        "eps": best.eps,
        "eps_of_precise_bands": band.inner if band else best.eps,
        "override": f"dedup.eps={best.eps!r}",
        "pairs": best.pairs,
        "precision": best.share,
        "low": best.low,
        "high": best.high,
        "kept": kept,
        "removed": len(advice.ids) - kept,
    }


def _request(wanted: Request) -> dict[str, Any]:
    more = [{"eps_inner": band.inner, "eps": band.outer, "marks": count} for band, count in wanted.more.items()]
    return {"eps": wanted.eps, "marks": wanted.total, "per_band": wanted.per_band, "bands": more}


def _chance(advice: Advice, chance: Chance) -> dict[str, Any]:
    epsilons = {band.outer for band in advice.bands} | ({advice.best.eps} if advice.best else set())
    return {
        "random_pairs": chance.drawn,
        "all_pairs": chance.all_pairs,
        "by_source": chance.by_source,
        "percentiles": chance.percentiles(),
        "suggested_eps": chance.suggested(list(advice.pairs)),
        "pairs_per_clip": PER_CLIP,
        "epsilons": [
            {
                "eps": eps,
                "over": chance.over(eps),
                "share_at_most": chance.bound(eps),
                "pairs_at_most": chance.expected(eps),
            }
            for eps in sorted(epsilons)
        ],
    }


def capital(text: str) -> str:
    """A sentence as it begins a line."""
    return text[:1].upper() + text[1:]
