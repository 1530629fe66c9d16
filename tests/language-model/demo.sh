#!/usr/bin/env bash
# demo.sh: asks the small model about sentences and receipts, in five ways each, and prints which way to be sure of its answers
# serves best. Needs a built program; `make demo-llm` sees to that.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder="target/language-model/demo"
accord=(target/release/accord --config tests/language-model/accord.toml)

tests/language-model/serve.sh start
trap 'tests/language-model/serve.sh stop' EXIT
rm -rf "$folder"
mkdir -p "$folder"

echo
echo "What the server can do:"
"${accord[@]}" provider check small || true

# ask PROJECT DEFINITION PATH: imports items with gold and lets the model vote on all of them.
ask() {
    echo
    echo "== $1: 5 prompts over each item of $3 (minutes on two cores)"
    "${accord[@]}" project create "$2"
    "${accord[@]}" import --project "$1" "$3"
    "${accord[@]}" work --until-idle
    "${accord[@]}" project show "$1"
    echo
    "${accord[@]}" evaluate --project "$1"
}

ask topics tests/language-model/topics.toml tests/language-model/topics.jsonl
target/release/accord samples "$folder/receipts" --kind receipts --count "${ACCORD_DEMO_RECEIPTS:-30}"
# Of the gold only what the small project asks for.
python3 - "$folder/receipts/receipts.jsonl" >"$folder/small-receipts.jsonl" <<'END'
import json, sys

for line in open(sys.argv[1], encoding="utf-8"):
    receipt = json.loads(line)
    receipt["gold"] = {field: value for field, value in receipt["gold"].items() if field in ("date", "total")}
    print(json.dumps(receipt))
END
ask small-receipts tests/language-model/receipts.toml "$folder/small-receipts.jsonl"
cat <<'END'

The model has 135 million parameters and is mostly wrong: look at the base rate beside each Brier score, and at AUROC. They
tell whether a confidence knows a good answer from a bad one, which is what it is for, however good the answers are.
END
