"""Fast is worth nothing when it is wrong: whether what was timed computed the same as the peer."""

import csv
import json
from pathlib import Path

# Ties may go either way, and methods of one name differ in their priors.
ACCURACY_BELOW_PEER = 0.005
SAME_COEFFICIENT = 1e-9


def nothing(_ours: str, _output: Path, _peer: dict, _gold: Path) -> str | None:
    """No check."""


def accuracy(_ours: str, output: Path, peer: dict, gold: Path) -> str | None:
    """The written winners are right at least as often as the peer's. Ours leaves ties open, where the peer takes the lowest
    label, which may be the likelier one: a tie that holds the truth counts as won."""
    with open(gold, newline="") as file:
        truth = dict(list(csv.reader(file))[1:])
    with open(output, newline="") as file:
        rows = csv.DictReader(file)
        right = sum(truth[row["item"]] in (row["tie"].split("|") if row["tie"] else [row["label"]]) for row in rows)
    ours = right / len(truth)
    if ours < peer["accuracy"] - ACCURACY_BELOW_PEER:
        return f"accuracy {ours:.4f}, ties won, is below the peer's {peer['accuracy']:.4f}"
    return None


def alpha(ours: str, _output: Path, peer: dict, _gold: Path) -> str | None:
    """The coefficient is the peer's."""
    found = json.loads(ours)["fields"][0]["alpha"]["value"]
    if abs(found - peer["value"]) > SAME_COEFFICIENT:
        return f"alpha {found} is not the peer's {peer['value']}"
    return None
