#!/usr/bin/env python3
"""Compares the statistics commands of `accord` with Python's libraries: whole process against whole process, on the same file.

Both sides run in turn (ours on Parquet, ours on CSV, the peer; then again). Medians of processor seconds, wall seconds and peak
memory are printed with their ratios, what was promised, and whether it was met; the exit code is 1 where a promise was missed.

The peers read Parquet. `its call` is the processor time of the peer's call alone, after its imports and loading.
`make bench-statistics` sets everything up and calls this with the Python that has the peers.
"""

import argparse
import sys
from pathlib import Path

import limits
import plan
from process import Failed
from report import judged, print_growth, print_lines
from session import Session


def main() -> int:
    options = arguments()
    for path in (options.program, options.peers):
        if not path.exists():
            print(f"missing: {path}", file=sys.stderr)
            return 2
    options.folder.mkdir(parents=True, exist_ok=True)
    session = Session(options.program, options.peers, options.folder, options.runs, options.keep_peers)
    try:
        return measure(session, options.only)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 2


def measure(session: Session, only: list[str] | None) -> int:
    """Measures what was asked for and prints it."""
    lines, growth = [], []
    for comparison in plan.COMPARISONS:
        if not only or comparison.name in only:
            lines.extend(session.compare(comparison))
    for bounded in plan.BOUNDED:
        if not only or bounded.name in only:
            lines.extend(session.bound(bounded))
    print_lines(lines)
    if not only or "growth" in only:
        growth = session.grow()
        print_growth(growth)
    if not only or "limits" in only:
        limits.show(session)
    session.save(lines, growth)
    missed = [line for line in [*lines, *growth] if line.judgements()]
    for line in missed:
        print(f"{line.title}, {line.file}: {judged(line)}")
    return 1 if missed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [one.name for one in [*plan.COMPARISONS, *plan.BOUNDED]] + ["growth", "limits"]
    parser.add_argument("--program", type=Path, required=True, help="the built accord")
    parser.add_argument("--peers", type=Path, required=True, help="the script that runs the peers")
    parser.add_argument("--folder", type=Path, required=True, help="where generated files and results are kept")
    parser.add_argument("--runs", type=int, default=5, help="runs of each side (default 5)")
    parser.add_argument("--only", action="append", choices=names, help="measure this line only; may be repeated")
    parser.add_argument("--keep-peers", action="store_true", help="take the peers' figures of the last run where there are any")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
