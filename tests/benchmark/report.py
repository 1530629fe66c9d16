"""The tables that are printed, and what they judge."""

import math
from dataclasses import dataclass

import plan
from process import Figures

MEGABYTE = 1e6


@dataclass(frozen=True)
class Line:
    """Ours beside what it has to beat: a peer, or a number of processor seconds."""

    title: str
    file: str
    ours: Figures
    peer: Figures | None
    # Processor seconds of the peer's call alone, without its imports and loading.
    peer_call_seconds: float | None
    ratio: float | None = None
    memory_share: float | None = None
    processor_seconds: float | None = None
    problem: str | None = None

    def found_ratio(self) -> float:
        """How many times less processor time ours takes."""
        return self.peer.processor_seconds / self.ours.processor_seconds if self.peer else math.nan

    def found_memory_share(self) -> float:
        """Our peak memory as a share of the peer's."""
        return self.ours.peak_bytes / self.peer.peak_bytes if self.peer else math.nan

    def judgements(self) -> list[str]:
        """What was promised and missed."""
        missed = [self.problem] if self.problem else []
        if self.ratio and self.found_ratio() < self.ratio:
            missed.append(f"{self.found_ratio():.1f} times less processor time, promised {self.ratio:g}")
        if self.memory_share and self.found_memory_share() > self.memory_share:
            missed.append(f"1/{1 / self.found_memory_share():.1f} of the memory, promised 1/{1 / self.memory_share:g}")
        if self.processor_seconds and self.ours.processor_seconds > self.processor_seconds:
            missed.append(f"{self.ours.processor_seconds:.2f} processor seconds, promised {self.processor_seconds:g}")
        return missed


@dataclass(frozen=True)
class GrowthLine:
    """One method at one size."""

    title: str
    file: str
    items: int
    ours: Figures
    file_bytes: int
    # Peak memory of the program when it does nothing.
    idle_bytes: float
    # The same method on the next smaller size.
    smaller: "GrowthLine | None"

    def votes(self) -> int:
        """Votes in the file."""
        return self.items * 5

    def bytes_above_input(self) -> float:
        """Bytes a vote beyond the file and the idle program."""
        return max(0.0, self.ours.peak_bytes - self.idle_bytes - self.file_bytes) / self.votes()

    def judgements(self) -> list[str]:
        """What was promised and missed."""
        missed = []
        if self.items >= plan.MEMORY_JUDGED_FROM and self.bytes_above_input() > plan.MEMORY_A_VOTE:
            missed.append(f"{self.bytes_above_input():.1f} bytes a vote above the input, promised {plan.MEMORY_A_VOTE}")
        if self.smaller:
            growth = self.ours.processor_seconds / self.smaller.ours.processor_seconds
            if growth > plan.GROWTH_OF_TEN:
                missed.append(f"{growth:.1f} times the time of {self.smaller.items:,} items")
        return missed


def judged(line: Line | GrowthLine) -> str:
    """The verdict of a line."""
    missed = line.judgements()
    if missed:
        return "missed: " + "; ".join(missed)
    return "" if isinstance(line, Line) and not promised(line) else "met"


def promised(line: Line) -> str:
    """What a line has to reach; nothing where the peer reads another file."""
    if line.ratio:
        return f"{line.ratio:g}"
    return f"< {line.processor_seconds:g} s" if line.processor_seconds else ""


def print_lines(lines: list[Line]) -> None:
    """Ours and the peers."""
    if not lines:
        return
    header = ["method", "file", "CPU s", "peer", "its call", "ratio", "promised", "wall s", "peer", "peak MB", "peer", "ratio", "verdict"]
    rows = [header]
    for line in lines:
        peer = line.peer
        rows.append(
            [
                line.title,
                line.file,
                f"{line.ours.processor_seconds:.3f}",
                f"{peer.processor_seconds:.2f}" if peer else "",
                f"{line.peer_call_seconds:.2f}" if line.peer_call_seconds is not None else "",
                f"{line.found_ratio():.1f}" if peer else "",
                promised(line),
                f"{line.ours.wall_seconds:.3f}",
                f"{peer.wall_seconds:.2f}" if peer else "",
                f"{line.ours.peak_bytes / MEGABYTE:.0f}",
                f"{peer.peak_bytes / MEGABYTE:.0f}" if peer else "",
                f"{1 / line.found_memory_share():.1f}" if peer else "",
                judged(line),
            ]
        )
    print_table(rows)


def print_growth(lines: list[GrowthLine]) -> None:
    """Time and memory by size."""
    if not lines:
        return
    rows = [["method", "file", "items", "CPU s", "ns a vote", "wall s", "peak MB", "bytes a vote", "above input", "verdict"]]
    for line in lines:
        rows.append(
            [
                line.title,
                line.file,
                f"{line.items:,}",
                f"{line.ours.processor_seconds:.3f}",
                f"{line.ours.processor_seconds / line.votes() * 1e9:.1f}",
                f"{line.ours.wall_seconds:.3f}",
                f"{line.ours.peak_bytes / MEGABYTE:.0f}",
                f"{line.ours.peak_bytes / line.votes():.1f}",
                f"{line.bytes_above_input():.1f}",
                judged(line),
            ]
        )
    print_table(rows)


def print_table(rows: list[list[str]]) -> None:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for position, row in enumerate(rows):
        cells = [
            cell.ljust(width) if column < 2 or column == len(widths) - 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        print("  ".join(cells).rstrip())
        if position == 0:
            print("-" * (sum(widths) + 2 * (len(widths) - 1)))
    print()
