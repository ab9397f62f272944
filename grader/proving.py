"""The conductor of proofs: from an exercise and its clean twin to a key with its evidence.

Every flaw of the published program is confirmed in the company of all others, every decoy is
refuted, and whatever else an oracle finds in the program is a stowaway: the exercise is not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ExerciseError, RunError
from grader.files import sha256
from grader.generate.exercise import clean_twin, sown_alone
from grader.prove.finding import Finding
from grader.prove.judge import EVERY_GROUP, Charge, Proven, groups_for, judge, strays, with_promise
from grader.prove.material import Material
from grader.prove.runner import Runner
from grader.prove.trial import Trial
from grader.records.key import AnswerKey, Claim, KeyDecoy, KeyItem
from grader.scenarios.library import ScenarioFolder, scenario
from grader.stream import Stream
from seeded_bugs.contract import SeededBug, SeededDecoy


@dataclass(frozen=True)
class Outcome:
    """What the proof of one exercise gave.

    Args:
        verdicts: one a flaw and decoy, in the order of the key (flaws first).
        strays: findings that no flaw of the key explains.
    """

    verdicts: tuple[Proven, ...]
    strays: tuple[Finding, ...]

    @property
    def faults(self) -> list[str]:
        """Return a sentence for everything that keeps the exercise from being published."""
        unproved = [
            f"{v.charge.name}: {'found' if v.charge.decoy else 'not shown'} ({v.seeded})"
            for v in self.verdicts
            if not v.confirmed
        ]
        return unproved + [f"beside the key: {f.aspect} ({f.observed})" for f in self.strays]


def prove(
    key: AnswerKey, clean: str, folder: ScenarioFolder, runner: Runner, hasty: bool = False
) -> Outcome:
    """Run the proofs of a key on its program and on the clean twin of that program.

    Args:
        clean: the text of the program before anything was sown.
        hasty: stop at the first claims that do not hold; what needs the fewest runs comes first.

    Raises:
        RunError: if one of the two does not train on sound data.
    """
    charges = charges_of(key)
    watch = {line for charge in charges for line in charge.lines}
    material = Material(
        folder.facts, folder.make, Stream(bytes.fromhex(key.secret), "prove"), folder.beside
    )
    twin = Trial(clean, material, runner)
    trial = Trial(key.program, material, runner, watch, twin)
    trial.ask_for(["base"])
    served = trial.run("base/serve")
    if trial.base.sound and not served.sound:
        last = (served.stderr.strip() or "no output").splitlines()[-1]
        raise RunError(f"predicting on sound data ended with exit code {served.exit_code}: {last}")
    for number in range(1, len(EVERY_GROUP) + 1) if hasty else ():
        ready = [c for c in charges if len(groups_for([c]) - {"base"}) < number]
        for one in (trial, twin):
            one.ask_for(groups_for(ready))
        verdicts = tuple(judge(trial, charge) for charge in ready)
        if not all(verdict.confirmed for verdict in verdicts):
            return Outcome(verdicts, ())
    trial.ask_for(EVERY_GROUP)
    twin.ask_for(groups_for(charges))
    verdicts = tuple(judge(trial, charge) for charge in charges)
    found = tuple(strays(trial, charges))
    return Outcome(with_promise(trial, verdicts), found)


def charges_of(key: AnswerKey) -> list[Charge]:
    """Return what a key says of its program: its flaws, then its decoys."""
    return [_charge(item, decoy=False) for item in key.items] + [
        _charge(decoy, decoy=True) for decoy in key.decoys
    ]


def _charge(entry: KeyItem | KeyDecoy, decoy: bool) -> Charge:
    lines = {
        line
        for place in entry.places
        if place.role != "landmark"
        for line in range(place.lines.start, place.lines.end + 1)
    }
    proof = entry.proof
    return Charge(
        entry.kind, proof.oracle, proof.claim, proof.shows, proof.also, frozenset(lines), decoy
    )


def with_evidence(key: AnswerKey, verdicts: Sequence[Proven]) -> AnswerKey:
    """Return the key with the evidence of each confirmed claim in a sentence."""
    items = [_evident(item, v) for item, v in zip(key.items, verdicts, strict=False)]
    rest = verdicts[len(key.items) :]
    decoys = [_evident(decoy, v) for decoy, v in zip(key.decoys, rest, strict=True)]
    return key.model_copy(update={"items": tuple(items), "decoys": tuple(decoys)})


def _evident(entry: KeyItem | KeyDecoy, verdict: Proven) -> KeyItem | KeyDecoy:
    if not verdict.confirmed:
        return entry
    seen = _sentence(verdict.seeded)
    evidence = seen if verdict.charge.decoy else f"{seen} In the clean program: {verdict.clean}."
    if verdict.promised:
        evidence += f" With all flaws together: {verdict.promised}."
    claim = Claim.model_validate(
        entry.proof.model_dump() | {"status": "proved", "evidence": evidence}
    )
    return entry.model_copy(update={"proof": claim})


def _sentence(text: str) -> str:
    """Return words as a sentence; code at its head keeps its letters."""
    head = text.split(maxsplit=1)[0] if text.strip() else ""
    return f"{text[:1].upper() if head.isalpha() else text[:1]}{text[1:]}."


def reproved(key: AnswerKey, exercises: Path, runner: Runner) -> Outcome:
    """Run the proofs of a stored key again, beside its clean twin made anew from its secret.

    Raises:
        ExerciseError: if the published exercise is missing or is not the one of the key.
        RunError: if the program or its twin does not run.
    """
    published = exercises / key.exercise / "program.py"
    if published.exists() and sha256(published.read_bytes()) != key.program_sha256:
        raise ExerciseError(f"{published}: is not the program of the key; fetch it again")
    if not (exercises / key.exercise).is_dir():
        raise ExerciseError(f"{exercises / key.exercise}: no such exercise; see --exercises")
    folder = scenario(key.scenario)
    kinds = [item.kind for item in key.items]
    return prove(key, clean_twin(bytes.fromhex(key.secret), folder, kinds), folder, runner)


def scenario_trial(name: str, secret: bytes, runner: Runner) -> Trial:
    """Return the trial of a scenario's clean program as it stands, on the data of a secret."""
    folder = scenario(name)
    material = Material(folder.facts, folder.make, Stream(secret, "prove"), folder.beside)
    return Trial(folder.program, material, runner)


def prove_alone(bug: SeededBug | SeededDecoy, twin: Trial, runner: Runner) -> Proven:
    """Run the proof of one kind, sown alone into the clean program of a trial.

    Raises:
        RunError: if one of the two programs does not train on sound data.
    """
    bed = sown_alone(twin.program, bug)
    lines = {n for span in bed.flaws[0].spans() for n in range(span.start, span.end + 1)}
    decoy = isinstance(bug, SeededDecoy)
    proof = bug.refutes if isinstance(bug, SeededDecoy) else bug.proof
    charge = Charge(
        bug.entry.name, proof.oracle, proof.claim, proof.shows, proof.also, frozenset(lines), decoy
    )
    trial = Trial(bed.text, twin.material, runner, lines, twin)
    trial.ask_for(groups_for([charge]))
    return judge(trial, charge)
