"""Each kind of flaw is shown in each scenario that takes it, each decoy is sound there."""

from collections.abc import Iterator
from functools import cache

import pytest

from grader import catalog
from grader.generate.exercise import fitting, fitting_decoys, sown_alone
from grader.prove.oracles.every import LAST, ORACLES
from grader.prove.oracles.optimism import find as optimistic
from grader.prove.runner import Runner
from grader.prove.trial import Trial
from grader.proving import prove_alone, scenario_trial
from grader.scenarios.library import scenario_names
from seeded_bugs.contract import SeededBug, SeededDecoy

KINDS: dict[str, SeededBug | SeededDecoy] = {**catalog.bugs(), **catalog.decoys()}
# One pair an oracle, of scenarios that differ: the fixed sample for every change.
SAMPLE = {
    ("held-out influence", "churn"): "scaler_fitted_before_split",
    ("target in disguise", "loan-default"): "feature_known_after_outcome",
    ("overlap", "hospital-readmission"): "groups_split_at_random",
    ("test reuse", "bike-demand"): "tuned_on_test_set",
    ("split balance", "churn"): "unstratified_split",
    ("single split noise", "hospital-readmission"): "no_cross_validation",
    ("output scan", "churn"): "no_baseline",
    ("value unchanged", "churn"): "best_fold_reported",
    ("metric blind", "hospital-readmission"): "accuracy_on_rare_class",
    ("partial seeding", "churn"): "inconsistent_seeds",
    ("run to run", "churn"): "unseeded_subsample",
    ("static", "hospital-readmission"): "secret_in_source",
    ("relocation", "churn"): "hardcoded_path",
    ("fault in", "bike-demand"): "swallowed_exception",
    ("garbage in", "loan-default"): "no_input_validation",
    ("serve skew", "bike-demand"): "batch_statistics_in_serving",
    ("row count", "churn"): "silently_dropped_rows",
}
SAMPLED = {(name, kind) for (_, name), kind in SAMPLE.items()}
PAIRS = [
    pytest.param(
        name,
        kind,
        id=f"{kind} in {name}",
        marks=[pytest.mark.sample] if (name, kind) in SAMPLED else [],
    )
    for name in scenario_names()
    for kind in (*fitting(name), *fitting_decoys(name))
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(2) as runner:
        yield runner


@cache
def clean(name: str, runner: Runner) -> Trial:
    return scenario_trial(name, b"x" * 32, runner)


def test_the_sample_has_every_oracle() -> None:
    """All but optimism, which no kind must show: its sample stands below."""
    assert {oracle for oracle, _ in SAMPLE} == set(ORACLES) - {LAST}
    assert all(KINDS[kind].proof.oracle == o for (o, _), kind in SAMPLE.items())  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_clean_program_is_silent_and_the_seeded_one_is_shown(
    name: str, kind: str, runner: Runner
) -> None:
    verdict = prove_alone(KINDS[kind], clean(name, runner), runner)
    assert verdict.confirmed, verdict


@pytest.mark.slow
@pytest.mark.parametrize("name", scenario_names())
def test_every_oracle_is_silent_on_a_clean_program(name: str, runner: Runner) -> None:
    twin = clean(name, runner)
    assert [f for one in ORACLES.values() for f in one.find(twin)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("churn", "feature_known_after_outcome", marks=pytest.mark.sample),
        ("churn", "target_encoded_on_all_rows"),
        ("house-prices", "target_encoded_on_all_rows"),
        ("card-fraud", "scored_on_training_rows"),
        ("store-demand", "error_on_log_scale"),
    ],
)
def test_a_flaw_that_raises_the_report_shows_on_fresh_rows(
    name: str, kind: str, runner: Runner
) -> None:
    twin = clean(name, runner)
    bed = sown_alone(twin.program, KINDS[kind])
    (finding,) = optimistic(Trial(bed.text, twin.material, runner, (), twin))
    assert finding.aspect in KINDS[kind].proof.also  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["scaler_fitted_before_split", "no_cross_validation"])
def test_a_flaw_that_moves_no_figure_is_not_called_optimistic(kind: str, runner: Runner) -> None:
    twin = clean("churn", runner)
    bed = sown_alone(twin.program, KINDS[kind])
    assert optimistic(Trial(bed.text, twin.material, runner, (), twin)) == []
