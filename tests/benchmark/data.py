"""The files that are measured: the peers' own generator for what is compared, the same model in blocks for what it cannot hold."""

import subprocess
import sys
from pathlib import Path

# The peers' generator keeps every vote several times over; above this many items votes are made in blocks.
LARGEST_WHOLE = 1_000_000
BLOCK = 500_000
CLASSES, ANNOTATORS, VOTES_AN_ITEM = 5, 1000, 5
SEED = 20240601


def votes(folder: Path, items: int, form: str) -> Path:
    """The file of votes on so many items, `form` being `csv` or `parquet`."""
    return folder / f"votes_{items}.{form}"


def scores(folder: Path, items: int) -> Path:
    """The file of scores with whether each was correct."""
    return folder / f"scores_{items}.csv"


def gold(folder: Path, items: int) -> Path:
    """The file of true labels."""
    return folder / f"gold_{items}.csv"


def prepare(folder: Path, items: int, python: str, peers: Path) -> None:
    """Makes the files for so many items unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    # Written last, so that an interrupted generation is not taken for a whole one.
    finished = folder / f"finished_{items}"
    if finished.exists():
        return
    print(f"generating votes on {items:,} items", file=sys.stderr, flush=True)
    if items <= LARGEST_WHOLE:
        subprocess.run([python, str(peers), "gen", "--items", str(items), "--dir", str(folder)], check=True)
    else:
        subprocess.run([python, __file__, str(items), str(folder)], check=True)
    finished.touch()


def generate_in_blocks(items: int, folder: Path) -> None:
    """Writes votes as CSV and Parquet by the model of the peers' generator, holding one block at a time."""
    import numpy
    import pyarrow
    from pyarrow import csv, parquet

    random = numpy.random.Generator(numpy.random.PCG64(SEED))
    prior = numpy.array([0.40, 0.25, 0.15, 0.12, 0.08])
    limits = confusions(numpy, random).cumsum(axis=2)
    schema = pyarrow.schema([("item", pyarrow.int32()), ("annotator", pyarrow.int32()), ("label", pyarrow.int8())])
    plain = csv.WriteOptions(include_header=False, quoting_style="none")
    table_writer = parquet.ParquetWriter(votes(folder, items, "parquet"), schema)
    with table_writer, open(votes(folder, items, "csv"), "wb") as text:
        text.write(b"item,annotator,label\n")
        text_writer = csv.CSVWriter(text, schema, write_options=plain)
        for first in range(0, items, BLOCK):
            size = min(BLOCK, items - first)
            truth = random.choice(CLASSES, size, p=prior)
            annotators = distinct_annotators(numpy, random, size)
            drawn = random.random((size, VOTES_AN_ITEM, 1))
            labels = (drawn > limits[annotators, truth[:, None]]).sum(axis=2).clip(0, CLASSES - 1)
            columns = [
                pyarrow.array(numpy.repeat(numpy.arange(first, first + size, dtype=numpy.int32), VOTES_AN_ITEM)),
                pyarrow.array(annotators.ravel().astype(numpy.int32)),
                pyarrow.array(labels.ravel().astype(numpy.int8)),
            ]
            block = pyarrow.Table.from_arrays(columns, schema=schema)
            table_writer.write_table(block)
            text_writer.write_table(block)


def confusions(numpy, random):
    """What every annotator says for every truth: `[annotator, truth, label]`."""
    accuracy = 0.35 + 0.6 * random.beta(5, 2, ANNOTATORS)
    table = numpy.zeros((ANNOTATORS, CLASSES, CLASSES))
    for truth in range(CLASSES):
        weights = numpy.where(numpy.abs(numpy.arange(CLASSES) - truth) == 1, 3.0, 1.0)
        weights[truth] = 0
        table[:, truth, :] = (1 - accuracy)[:, None] * weights / weights.sum()
        table[:, truth, truth] = accuracy
    table[random.permutation(ANNOTATORS)[: ANNOTATORS // 20]] = 1.0 / CLASSES
    return table


def distinct_annotators(numpy, random, size: int):
    """Annotators by item, none of them twice on one item."""
    chosen = random.integers(0, ANNOTATORS, (size, VOTES_AN_ITEM))
    while True:
        ordered = numpy.sort(chosen, axis=1)
        repeated = numpy.where((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))[0]
        if not len(repeated):
            return chosen
        chosen[repeated] = random.integers(0, ANNOTATORS, (len(repeated), VOTES_AN_ITEM))


if __name__ == "__main__":
    generate_in_blocks(int(sys.argv[1]), Path(sys.argv[2]))
