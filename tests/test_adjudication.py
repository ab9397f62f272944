"""A person at the queue: decides, sees the new scores, and puts into the key what it missed."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from grader.adjudication import Desk
from grader.cli.adjudicate import adjudicate
from grader.cli.rescore import rescore
from grader.errors import OutputError
from grader.grading import grade
from grader.keyring import Keyring, read_key
from grader.report.results import read_results
from grader.rescoring import rescore as again
from grader.score.rubric import load_rubric

LEAK = "The scaler is fitted on all rows before the split, so test rows leak into training."
UNLISTED = "The accuracy says nothing where only a few customers leave; report recall as well."
FOREIGN = "Der Skalierer wird auf allen Zeilen angepasst, bevor die Daten aufgeteilt werden."


@pytest.fixture
def graded(tmp_path, keys):
    """Grade reviews given as {candidate: [(line, text)]} and return the results folder."""

    def run(**reviews):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        for name, comments in reviews.items():
            rows = [{"file": "program.py", "line": n, "comment": text} for n, text in comments]
            body = {"exercise": "churn-1", "candidate": name, "comments": rows}
            (folder / f"{name}.json").write_text(json.dumps(body))
        grade([folder], keys, tmp_path / "out", load_rubric())
        return tmp_path / "out"

    return run


def scores(out):
    table = pd.read_csv(out / "scores.csv")
    return dict(zip(table.candidate, table.score, strict=True))


def ask(out, keys, *answers, options=()):
    return CliRunner().invoke(
        adjudicate,
        [str(out), "--keys", str(keys), "--who", "Ada", *options],
        input="\n".join(answers) + "\n",
    )


def test_a_decision_is_written_down_and_the_score_is_made_again(graded, keys):
    out = graded(bob=[(5, FOREIGN)], cy=[(5, LEAK)])
    assert scores(out)["bob"] == 0
    done = ask(out, keys, "h", "1", "y", "n", "it is German for the leak")
    assert done.exit_code == 0, done.output
    assert "StandardScaler" in done.output
    assert scores(out)["bob"] > 60
    (line,) = (out / "decisions.jsonl").read_text("utf-8").splitlines()
    told = json.loads(line)
    assert (told["who"], told["why"], told["was"]) == (
        "Ada",
        "it is German for the leak",
        "undecided",
    )
    assert told["ruling"]["items"] == ["F1"]
    assert ask(out, keys).output == "nothing is open\n"


def test_the_same_decision_may_be_applied_to_remarks_that_say_the_same(graded, keys):
    out = graded(bob=[(5, FOREIGN)], cy=[(6, FOREIGN)], dan=[(8, FOREIGN)])
    desk = Desk(out, keys, "Ada")
    alike = [e.result.candidate for e in desk.alike(desk.queue()[0])]
    assert alike == ["cy", "dan"]
    done = ask(out, keys, "h", "1", "n", "n", "the leak", "y")
    assert done.exit_code == 0, done.output
    assert len(set(scores(out).values())) == 1
    likes = [json.loads(x)["like"] for x in (out / "decisions.jsonl").read_text().splitlines()]
    assert likes == [None, 1, 1]


def test_stopping_keeps_what_was_decided(graded, keys):
    out = graded(bob=[(5, FOREIGN)], cy=[(1, "Die Datei wird nicht gefunden, wenn sie fehlt.")])
    done = ask(out, keys, "e", "no claim", "q")
    assert "stopped" in done.output
    assert len((out / "decisions.jsonl").read_text().splitlines()) == 1
    assert len(Desk(out, keys, "Ada").queue()) == 1


def test_grading_again_keeps_the_decisions(graded, keys):
    out = graded(bob=[(5, FOREIGN)])
    ask(out, keys, "h", "1", "n", "n", "the leak")
    there = scores(out)
    assert graded(bob=[(5, FOREIGN)]) == out
    assert scores(out) == there
    graded(bob=[(5, FOREIGN + " ")])
    assert scores(out)["bob"] == 0, "other bytes were not decided on"


def test_what_the_key_missed_is_put_in_and_everybody_is_scored_again(graded, keys, small_key):
    out = graded(bob=[(8, UNLISTED)], cy=[(8, UNLISTED), (5, LEAK)], dan=[(5, LEAK)])
    before = scores(out)
    done = ask(
        out, keys, "a", "accuracy on a rare class", "statistics", "major",
        "report recall", "it hides that no leaver is found", options=("--candidate", "bob"),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    new = read_key(keys / "churn-1.json")
    assert new.key_version == 2
    assert [i.title for i in new.items][1:] == ["accuracy on a rare class"]
    assert (keys / "earlier" / "churn-1.v1.json").read_bytes() == small_key.canonical()
    assert (keys / "churn-1.json").stat().st_mode & 0o777 == 0o600
    after = scores(out)
    assert after["bob"] > before["bob"]
    assert after["cy"] > after["dan"], "who also says it has it as well"
    assert "key version 1 -> 2" in " ".join(done.output.split())
    versions = {r.score.versions.key_version for r in read_results(out).results}
    assert versions == {2}


def test_scoring_again_with_nothing_new_changes_no_byte(graded, keys):
    out = graded(bob=[(8, UNLISTED)], cy=[(5, LEAK)])
    there = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    done = CliRunner().invoke(rescore, [str(out), "--keys", str(keys)])
    assert done.output == "2 scored again, 0 changed; 0 left as they were\n"
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()} == there


def test_another_rubric_is_not_taken_in_silence(graded, keys, tmp_path):
    out = graded(bob=[(5, LEAK)])
    other = load_rubric().model_copy(update={"sha256": "0" * 64})
    with pytest.raises(OutputError, match="--rubric"):
        again(out, Keyring(keys), other)


def test_the_queue_begins_with_what_may_change_a_band(graded, keys):
    out = graded(amy=[(5, LEAK), (2, FOREIGN)], bob=[(5, FOREIGN)])
    queue = Desk(out, keys, "Ada").queue()
    lifts = [entry.lifts for entry in queue]
    assert lifts == sorted(lifts, reverse=True)
    assert {entry.comment.verdict for entry in queue} == {"undecided"}
    listed = ask(out, keys, options=("--list",))
    assert f"{len(queue)} comments" in listed.output


def test_numbers_that_the_key_does_not_hold_are_asked_for_again(graded, keys):
    out = graded(bob=[(5, FOREIGN)])
    done = ask(out, keys, "h", "7", "x", "1", "n", "n", "the leak")
    assert done.exit_code == 0, done.output
    assert done.output.count("numbers from 1 to 1") == 2


def test_a_second_reader_is_shown_and_decides_nothing(graded, keys, monkeypatch):
    import grader.second.contract as contract
    from grader.second.contract import Suggestion

    class Sure:
        name = "sure"

        def suggest(self, asked):
            assert asked[0].comment == FOREIGN
            assert "StandardScaler" in asked[0].code
            return [Suggestion(asked[0].choices[0].item, "it \x1b[31mnames the scaler")]

    monkeypatch.setattr(contract, "installed", lambda name: Sure())
    out = graded(bob=[(5, FOREIGN)])
    done = ask(out, keys, "s", options=("--second", "sure"))
    assert "sure suggests: Scaler fitted on all rows before the split" in done.output
    assert "\x1b[31m" not in done.output
    assert scores(out)["bob"] == 0
    assert not (out / "decisions.jsonl").exists()


def test_a_second_reader_that_is_not_there_is_told(graded, keys):
    out = graded(bob=[(5, FOREIGN)])
    done = ask(out, keys, options=("--second", "http://127.0.0.1:9"))
    assert done.exit_code == 2
    assert "--second-model" in done.output
