"""Runs both sides in turn and keeps what was measured."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import checks
import data
import plan
from process import Figures, Measurement, figures, run
from report import GrowthLine, Line

FORMS = ("parquet", "csv")


class Session:
    """The programs, the files, and the figures so far."""

    def __init__(self, program: Path, peers: Path, folder: Path, runs: int, keep_peers: bool):
        self.program, self.peers, self.folder, self.runs = program, peers, folder, runs
        self.results = folder / "results.json"
        self.peer_figures: dict[str, dict] = {}
        self.ours: dict[tuple[str, int, str], Figures] = {}
        if keep_peers and self.results.exists():
            self.peer_figures = json.loads(self.results.read_text())["peers"]

    def prepare(self, items: int) -> None:
        """Makes the files for so many items."""
        data.prepare(self.folder, items, sys.executable, self.peers)

    def compare(self, comparison: plan.Comparison) -> list[Line]:
        """Ours on each form of the file and the peer, in turn, so often as asked."""
        self.prepare(comparison.items)
        if comparison.input == "scores":
            files = [data.scores(self.folder, comparison.items)]
        else:
            files = [data.votes(self.folder, comparison.items, form) for form in FORMS]
        output = self.output(comparison)
        ours: dict[Path, list[Measurement]] = {file: [] for file in files}
        peer: list[Measurement] = []
        for round_number in range(self.runs):
            note(f"{comparison.name}: round {round_number + 1} of {self.runs}")
            for file in files:
                ours[file].append(self.run_ours(comparison.arguments, file, output))
            if comparison.peer_job not in self.peer_figures:
                peer.append(self.run_peer(comparison))
        if peer:
            self.peer_figures[comparison.peer_job] = summary_of_peer(peer)
        kept = self.peer_figures[comparison.peer_job]
        for file in files:
            self.ours[comparison.name, comparison.items, file.suffix[1:]] = figures(ours[file])
        if comparison.check is checks.accuracy:
            # Labels are written once more where nobody counts the time.
            self.run_ours([*comparison.arguments, *plan.WRITTEN], files[-1], output)
        problem = comparison.check(ours[files[-1]][-1].output, output, kept["result"], data.gold(self.folder, comparison.items))
        # What is promised holds for the file that the peer reads too: votes as Parquet, scores as CSV.
        return [
            Line(
                title=comparison.title,
                file=file.suffix[1:],
                ours=figures(ours[file]),
                peer=Figures(**kept["process"]),
                peer_call_seconds=kept["call_seconds"],
                ratio=comparison.ratio if file == files[0] else None,
                memory_share=comparison.memory_share if file == files[0] else None,
                problem=problem,
            )
            for file in files
        ]

    def bound(self, bounded: plan.Bounded) -> list[Line]:
        """Ours alone, where a number of processor seconds is promised."""
        self.prepare(bounded.items)
        lines = []
        for form in FORMS:
            file = data.votes(self.folder, bounded.items, form)
            note(f"{bounded.name} on {file.name}")
            runs = [self.run_ours(bounded.arguments, file, self.folder / "output") for _ in range(self.runs)]
            lines.append(
                Line(bounded.title, form, figures(runs), None, None, processor_seconds=bounded.processor_seconds)
            )
        return lines

    def grow(self) -> list[GrowthLine]:
        """The growing methods at every size."""
        idle = self.idle()
        lines = []
        methods = [comparison for comparison in plan.COMPARISONS if comparison.name in plan.GROWING]
        for items in plan.SIZES:
            self.prepare(items)
        for comparison in methods:
            for form in FORMS:
                smaller = None
                for items in plan.SIZES:
                    ours = self.ours_at(comparison, items, form)
                    file_bytes = data.votes(self.folder, items, form).stat().st_size
                    smaller = GrowthLine(comparison.title, form, items, ours, file_bytes, idle.peak_bytes, smaller)
                    lines.append(smaller)
        return lines

    def ours_at(self, comparison: plan.Comparison, items: int, form: str) -> Figures:
        """A method of ours at some size, measured once."""
        key = (comparison.name, items, form)
        if key not in self.ours:
            file = data.votes(self.folder, items, form)
            note(f"{comparison.name} on {file.name}")
            output = self.output(comparison)
            self.ours[key] = figures([self.run_ours(comparison.arguments, file, output) for _ in range(self.runs)])
        return self.ours[key]

    def output(self, comparison: plan.Comparison) -> Path:
        """Where a method of ours writes."""
        return self.folder / f"output_{comparison.name}.{'json' if comparison.input == 'scores' else 'csv'}"

    def idle(self) -> Figures:
        """The program when it does nothing."""
        return figures([run([str(self.program), "--version"]) for _ in range(self.runs)])

    def run_ours(self, arguments: list[str], file: Path, output: Path) -> Measurement:
        """One run of the program."""
        places = {"FILE": str(file), "OUTPUT": str(output)}
        return run([str(self.program), *(places.get(argument, argument) for argument in arguments)])

    def run_peer(self, comparison: plan.Comparison) -> Measurement:
        """One run of the peer."""
        job = ["one", comparison.peer_job, "--items", str(comparison.items), "--dir", str(self.folder)]
        return run([sys.executable, str(self.peers), *job])

    def save(self, lines: list[Line], growth: list[GrowthLine]) -> None:
        """Keeps the figures beside the data, the peers' for the next run."""
        kept = {
            "peers": self.peer_figures,
            "ours": [{"title": line.title, "file": line.file, **asdict(line.ours)} for line in lines],
            "growth": [{"title": line.title, "file": line.file, "items": line.items, **asdict(line.ours)} for line in growth],
        }
        self.results.write_text(json.dumps(kept, indent=1))


def summary_of_peer(runs: list[Measurement]) -> dict:
    """A peer's figures and what it computed."""
    printed = [json.loads(one.output.strip().splitlines()[-1]) for one in runs]
    calls = sorted(one["cpu_seconds"] for one in printed)
    return {"process": asdict(figures(runs)), "call_seconds": calls[len(calls) // 2], "result": printed[-1]}


def note(text: str) -> None:
    """Tells how far it is."""
    print(text, file=sys.stderr, flush=True)
