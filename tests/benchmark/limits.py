"""What bounds the program from below on this machine: copying memory, reading a file, taking it apart."""

import resource
import time
from pathlib import Path

import data
import plan
from report import print_table

COPIED_BYTES = 1 << 28
COPIES = 8
BLOCK_BYTES = 1 << 20


def processor_seconds() -> float:
    """Processor seconds of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def memory_bandwidth() -> float:
    """Bytes a second that one thread reads and writes when it copies an array much larger than the caches; the best of several."""
    source, target = bytearray(COPIED_BYTES), bytearray(COPIED_BYTES)
    best = float("inf")
    for _ in range(COPIES):
        start = time.perf_counter()
        target[:] = source
        best = min(best, time.perf_counter() - start)
    return 2 * COPIED_BYTES / best


def reading(path: Path, looks_at: bool) -> float:
    """Processor seconds of reading a file from the page cache, and of finding the ends of its lines if it looks at them."""
    best = float("inf")
    for _ in range(5):
        start = processor_seconds()
        with open(path, "rb", buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                if looks_at:
                    block.count(b"\n")
        best = min(best, processor_seconds() - start)
    return best


def show(session) -> None:
    """Prints the bounds, and how many times as long the program takes."""
    items = plan.MILLION
    session.prepare(items)
    votes = items * data.VOTES_AN_ITEM
    bandwidth = memory_bandwidth()
    print(f"copying memory, one thread: {bandwidth / 1e9:.1f} GB/s read and written")
    idle = session.idle().processor_seconds
    rows = [["limit", "file", "CPU s", "ns a vote"]]

    def add(name: str, form: str, seconds: float) -> None:
        rows.append([name, form, f"{seconds:.4f}", f"{seconds / votes * 1e9:.2f}"])

    add("starting the program", "", idle)
    for form in ("parquet", "csv"):
        path = data.votes(session.folder, items, form)
        add("reading the bytes", form, reading(path, looks_at=False))
        if form == "csv":
            add("reading the bytes and finding the lines", form, reading(path, looks_at=True))
        whole = {one.name: session.ours_at(one, items, form).processor_seconds for one in plan.COMPARISONS if one.name in plan.GROWING}
        parsing = min(whole.values())
        add("our reading of the votes with the quickest method", form, parsing)
        iteration = max(0.0, (whole["dawid-skene"] - whole["majority"]) / plan.ITERATIONS)
        add("one iteration of Dawid-Skene", form, iteration)
    # An iteration reads every vote twice (annotator and label), and reads and writes the probabilities of every item.
    moved = votes * 2 * plan.BYTES_A_VOTE + items * data.CLASSES * 8 * 3
    add(f"moving the {moved / 1e6:.0f} MB of one iteration at that bandwidth", "", moved / bandwidth)
    print_table(rows)
