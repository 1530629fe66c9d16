#!/usr/bin/env python3
"""What krippendorff, irrCAC, statsmodels and scikit-learn compute on folders of votes, with all their digits.

    exact_agreement.py FOLDER OUTPUT

FOLDER has a folder with `votes.csv` and `reference.json` for each data set; OUTPUT gets `NAME.json` with the agreement figures of
`reference.json`, which are rounded there, computed anew and not rounded.
"""

import csv
import json
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import krippendorff
import numpy
import pandas
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

DIGITS = 15
WEIGHTINGS = ("linear", "quadratic", "ordinal")


def main() -> None:
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    for path in sorted(folder.glob("*/reference.json")):
        name = path.parent.name
        print(name, file=sys.stderr, flush=True)
        reference = json.loads(path.read_text())
        votes = read_votes(path.parent / "votes.csv")
        if reference["type"] == "interval":
            figures = {"agreement": numeric_figures(votes, reference["agreement"])}
        else:
            labels = label_order(votes, path.parent / "gold.csv")
            figures = {"agreement": class_figures(votes, labels, reference["agreement"])}
            if panel := reference.get("panel"):
                members = [vote for vote in votes if vote[1] in panel["annotators"]]
                figures["panel"] = {"agreement": class_figures(members, labels, panel["agreement"])}
        (output / f"{name}.json").write_text(json.dumps(figures, indent=1))


def read_votes(path: Path) -> list[tuple[str, str, str]]:
    with open(path, newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:]]


def label_order(votes, gold: Path) -> list[str]:
    """Labels of votes and gold by number, else by length and text."""
    with open(gold, newline="") as file:
        labels = {row[1] for row in list(csv.reader(file))[1:]} | {label for _, _, label in votes}
    return sorted(labels, key=lambda label: (number(label), len(label), label))


def number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return float("inf")


def matrix(votes, codes) -> tuple[list[str], numpy.ndarray]:
    """Annotators, and codes as `[item, annotator]` with NaN where there is no vote."""
    items = {item: position for position, item in enumerate(sorted({item for item, _, _ in votes}))}
    annotators = sorted({annotator for _, annotator, _ in votes})
    columns = {annotator: position for position, annotator in enumerate(annotators)}
    table = numpy.full((len(items), len(annotators)), numpy.nan)
    for item, annotator, label in votes:
        table[items[item], columns[annotator]] = codes[label]
    return annotators, table


def alpha(table: numpy.ndarray, values: list[float], level: str) -> float:
    """Krippendorff's alpha from counts by item and value."""
    positions = {value: position for position, value in enumerate(values)}
    counts = numpy.zeros((len(table), len(values)), dtype=int)
    for item, row in enumerate(table):
        for value in row[~numpy.isnan(row)]:
            counts[item, positions[value]] += 1
    return float(krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level))


def class_figures(votes, labels: list[str], reference: dict) -> dict:
    codes = {label: float(position) for position, label in enumerate(labels)}
    annotators, table = matrix(votes, codes)
    values = list(codes.values())
    figures = {
        f"krippendorff_alpha_{level}": alpha(table, values, level)
        for level in ("nominal", "ordinal", "interval")
        if f"krippendorff_alpha_{level}" in reference
    }
    counts = numpy.stack([(table == value).sum(axis=1) for value in values], axis=1)
    cast = counts.sum(axis=1)
    several = cast >= 2
    agreeing = (counts * (counts - 1)).sum(axis=1)[several] / (cast * (cast - 1))[several]
    figures["mean_pairwise_percent_agreement_items_ge2"] = float(agreeing.mean())
    if len(set(cast)) == 1:
        figures["fleiss_kappa_statsmodels"] = float(fleiss_kappa(counts, method="fleiss"))
        figures["randolph_kappa_statsmodels"] = float(fleiss_kappa(counts, method="randolph"))
    # The same votes without names: the coefficients do not depend on who voted, and rows of some votes are much smaller.
    packed = numpy.full((len(table), cast.max()), numpy.nan)
    for item, row in enumerate(table):
        packed[item, : cast[item]] = row[~numpy.isnan(row)]
    figures["irrCAC_identity"] = irr_figures(packed, values, "identity")
    if "irrCAC_weighted" in reference:
        weighted = {name: irr_figures(packed, values, name) for name in WEIGHTINGS}
        figures["irrCAC_weighted"] = {
            name: {key: figure["coef"] for key, figure in found.items()} for name, found in weighted.items()
        }
    if "cohen_kappa" in reference:
        figures["cohen_kappa"] = cohen_figures(annotators, table, values, reference["cohen_kappa"])
    return figures


def irr_figures(packed: numpy.ndarray, values: list[float], weights: str) -> dict:
    analysis = CAC(pandas.DataFrame(packed), weights=weights, categories=values, digits=DIGITS)
    found = {}
    for name in ("fleiss", "gwet", "bp", "krippendorff"):
        result = getattr(analysis, name)()["est"]
        found[name] = {
            "coef": float(result["coefficient_value"]),
            "pa": float(result["pa"]),
            "pe": float(result["pe"]),
            "se": float(result["se"]),
            "ci": [float(limit) for limit in result["confidence_interval"]],
        }
    return found


def cohen_figures(annotators: list[str], table: numpy.ndarray, values: list[float], reference: dict) -> dict:
    first, second = (annotators.index(name) for name in reference["annotators"])
    both = ~numpy.isnan(table[:, first]) & ~numpy.isnan(table[:, second])
    left, right = table[both, first], table[both, second]
    found = {
        "annotators": reference["annotators"],
        "common_items": int(both.sum()),
        "percent_agreement": float((left == right).mean()),
    }
    for name, weights in (("unweighted", None), ("linear", "linear"), ("quadratic", "quadratic")):
        if name in reference:
            found[name] = float(cohen_kappa_score(left, right, weights=weights, labels=values))
    return found


def numeric_figures(votes, reference: dict) -> dict:
    codes = {label: float(label) for _, _, label in votes}

    def of(chosen, level: str) -> float:
        _, table = matrix(chosen, codes)
        return alpha(table, sorted({codes[label] for _, _, label in chosen}), level)

    figures = {f"krippendorff_alpha_{level}": of(votes, level) for level in ("nominal", "ordinal", "interval")}
    parts = defaultdict(list)
    for vote in votes:
        parts[vote[0].split("/")[0]].append(vote)
    figures["per_subtask"] = {name: {"alpha_interval": of(parts[name], "interval")} for name in reference["per_subtask"]}
    return figures


if __name__ == "__main__":
    main()
