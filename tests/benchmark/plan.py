"""What is compared with what, on which file, and how much better the program has to be."""

from dataclasses import dataclass, field
from typing import Callable

import checks

HUNDRED_THOUSAND, MILLION, TEN_MILLION = 100_000, 1_000_000, 10_000_000


@dataclass(frozen=True)
class Comparison:
    """One method of ours against one job of the peers' script, on the same file."""

    name: str
    title: str
    items: int
    # Arguments of `accord`; `FILE` and `OUTPUT` are replaced.
    arguments: list[str]
    peer_job: str
    # How many times less processor time the whole process has to take; `None` where it is only shown.
    ratio: float | None
    # Share of the peer's peak memory that may be used, where it is promised.
    memory_share: float | None = None
    input: str = "votes"
    # Compares what both sides computed; says what is wrong.
    check: Callable = field(default=checks.nothing)


@dataclass(frozen=True)
class Bounded:
    """One method of ours that has to stay below a number of processor seconds."""

    name: str
    title: str
    items: int
    arguments: list[str]
    processor_seconds: float


def aggregate(method: str, *more: str) -> list[str]:
    """Arguments of an aggregation that keeps its labels in memory, as the peers do."""
    return ["aggregate", "FILE", "--method", method, *more]


# What makes an aggregation write a row for every item; the accuracy of what is written is checked apart.
WRITTEN = ["--output", "OUTPUT"]


COMPARISONS = [
    Comparison(
        "dawid-skene",
        "Dawid-Skene, exactly 10 iterations",
        MILLION,
        aggregate("dawid-skene", "--iterations", "10"),
        "crowdkit_DawidSkene_10",
        ratio=100,
        memory_share=1 / 8,
        check=checks.accuracy,
    ),
    Comparison(
        "majority",
        "majority vote",
        MILLION,
        aggregate("majority"),
        "crowdkit_MajorityVote",
        ratio=40,
        check=checks.accuracy,
    ),
    Comparison(
        "majority-written",
        "majority vote, labels written (the peer writes none)",
        MILLION,
        [*aggregate("majority"), *WRITTEN],
        "crowdkit_MajorityVote",
        ratio=None,
    ),
    Comparison(
        "weighted",
        "vote weighted by agreement with the majority (peer: Wawa)",
        MILLION,
        aggregate("weighted"),
        "crowdkit_Wawa",
        ratio=40,
        check=checks.accuracy,
    ),
    Comparison(
        "alpha",
        "Krippendorff's alpha, nominal",
        MILLION,
        ["agreement", "FILE", "--level", "nominal", "--replicates", "0", "--json"],
        "krippendorff_from_votes_nominal",
        ratio=20,
        check=checks.alpha,
    ),
    Comparison(
        "glad",
        "GLAD",
        10_000,
        aggregate("glad"),
        "crowdkit_GLAD_default",
        ratio=100,
        check=checks.accuracy,
    ),
    Comparison(
        "mace",
        "MACE",
        10_000,
        aggregate("mace"),
        "crowdkit_MACE_default",
        ratio=100,
        check=checks.accuracy,
    ),
    Comparison(
        "platt",
        "Platt scaling (peer: _SigmoidCalibration)",
        MILLION,
        ["calibrate", "fit", "FILE", "--method", "platt", "--no-metrics", "--output", "OUTPUT"],
        "sklearn_platt_sigmoid_internal",
        ratio=10,
        input="scores",
    ),
    Comparison(
        "isotonic",
        "isotonic regression",
        MILLION,
        ["calibrate", "fit", "FILE", "--method", "isotonic", "--no-metrics", "--output", "OUTPUT"],
        "sklearn_isotonic",
        ratio=5,
        input="scores",
    ),
]

BOUNDED = [
    Bounded(
        "bootstrap",
        "interval of alpha by 1,000 bootstrap replicates over items",
        HUNDRED_THOUSAND,
        ["agreement", "FILE", "--level", "nominal", "--replicates", "1000", "--seed", "1", "--json"],
        processor_seconds=2.0,
    ),
]

# Iterations of Dawid-Skene on both sides, and the bytes of a vote in our table: an annotator of four bytes and a label of two.
ITERATIONS = 10
BYTES_A_VOTE = 6

# Methods whose growth is shown, and the numbers of items at which they are measured.
GROWING = ["majority", "dawid-skene", "alpha"]
SIZES = [HUNDRED_THOUSAND, MILLION, TEN_MILLION]
# Bytes a vote that may be held above the input. Buffers of a fixed size outweigh the votes of small files.
MEMORY_A_VOTE, MEMORY_JUDGED_FROM = 16, MILLION
# From one size to the next, ten times the votes may take at most this many times the time: linear, with room for caches that no
# longer hold the whole.
GROWTH_OF_TEN = 13
