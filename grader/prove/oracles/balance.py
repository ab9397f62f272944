"""Split balance: how much the number of rare rows in the test part moves from seed to seed."""

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

SEEDS = 30
RARE_SHARE = 0.25


def find(trial: Trial) -> list[Finding]:
    """Return a finding if rows of a rare class are parted by lot alone."""
    from sklearn.model_selection import train_test_split

    facts = trial.material.facts
    if facts.task == "regression":
        return []
    truth = trial.table[facts.target].to_numpy()
    labels, counts = np.unique(truth, return_counts=True)
    rarest, share = labels[counts.argmin()], counts.min() / counts.sum()
    found = []
    for event in trial.base.of("split"):
        known = event["name"] == "train_test_split" and event["shuffled"] and event.get("test")
        if not known or event["stratified"] or share > RARE_SHARE:
            continue
        size = len(event["test"])
        spread = {}
        for name, options in (("by lot", {}), ("stratified", {"stratify": truth})):
            parts = [
                train_test_split(truth, test_size=size, random_state=seed, **options)[1]
                for seed in range(SEEDS)
            ]
            spread[name] = float(np.std([(part == rarest).sum() for part in parts], ddof=1))
        found.append(
            Finding(
                "unstratified",
                tuple(event["lines"]),
                f"over {SEEDS} seeds the number of rows of class {rarest} among {size} test rows "
                f"has a standard deviation of {spread['by lot']:.1f}, stratified "
                f"{spread['stratified']:.1f}",
            )
        )
    return found


ORACLE = Oracle(
    "split balance", ("base",), find, "a rare class has the same share on both sides of the split"
)
