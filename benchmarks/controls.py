"""Prints what the control reviews score on every exercise of a folder of keys.

Usage: python benchmarks/controls.py KEYS
Exit code 1 if a control leaves its bounds on any exercise.
"""

import sys
from pathlib import Path

from grader.controls import CONTROLS, control_points, spread
from grader.keyring import read_key
from grader.match.model import load_model


def main() -> int:
    keys = [read_key(path) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    found = control_points(keys, load_model())
    print(f"{len(keys)} exercises      bound       min  median     max")
    failed = False
    for control in CONTROLS:
        values = found[control.name]
        low, middle, high = spread(values)
        fine = control.least <= low and high <= control.most
        failed = failed or not fine
        bound, mark = f"{control.least}..{control.most}", "" if fine else "  OUT"
        print(f"{control.name:18}{bound:>9}{low:10.1f}{middle:8.1f}{high:8.1f}{mark}")
        for key, value in zip(keys, values, strict=True):
            if not control.least <= value <= control.most:
                print(f"    {key.exercise} {key.scenario} {value:.1f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
