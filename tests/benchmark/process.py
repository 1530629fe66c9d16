"""Measures whole processes: processor seconds of all threads, wall seconds and peak memory.

Processor seconds come from the kernel's accounting of the child; the peak comes from `/usr/bin/time`, because the peak that the
kernel hands to a parent includes what the parent itself held when it forked.
"""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# Some machines set these for old OpenBLAS; they slow numpy down, which would be unfair to the peers.
SLOWING_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Failed(Exception):
    """A measured program that did not end well, with what it said."""


@dataclass(frozen=True)
class Measurement:
    """One run of a program."""

    processor_seconds: float
    wall_seconds: float
    peak_bytes: int
    output: str


@dataclass(frozen=True)
class Figures:
    """Medians over the runs of a program, each quantity by itself."""

    runs: int
    processor_seconds: float
    wall_seconds: float
    peak_bytes: float
    processor_seconds_of_runs: list[float]


def run(command: list[str]) -> Measurement:
    """Runs a program to its end and measures it."""
    environment = {name: value for name, value in os.environ.items() if name not in SLOWING_VARIABLES}
    with tempfile.TemporaryDirectory() as folder:
        peak_file = Path(folder, "peak")
        wrapped = ["/usr/bin/time", "--quiet", "--format=%M", f"--output={peak_file}", *command]
        with open(Path(folder, "output"), "w+b") as output, open(Path(folder, "errors"), "w+b") as errors:
            start = time.perf_counter()
            process = subprocess.Popen(wrapped, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall_seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            printed, complaints = output.read().decode(errors="replace"), errors.read().decode(errors="replace")
        if process.returncode != 0:
            raise Failed(f"{' '.join(command)}: exit {process.returncode}: {complaints.strip()[-2000:]}")
        return Measurement(
            processor_seconds=usage.ru_utime + usage.ru_stime,
            wall_seconds=wall_seconds,
            peak_bytes=int(peak_file.read_text().split()[-1]) * 1024,
            output=printed,
        )


def figures(measurements: list[Measurement]) -> Figures:
    """Medians of several runs."""
    return Figures(
        runs=len(measurements),
        processor_seconds=median(one.processor_seconds for one in measurements),
        wall_seconds=median(one.wall_seconds for one in measurements),
        peak_bytes=median(one.peak_bytes for one in measurements),
        processor_seconds_of_runs=[round(one.processor_seconds, 4) for one in measurements],
    )
