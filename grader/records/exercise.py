"""A published exercise as the candidate receives it. It says nothing about flaws."""

from typing import Literal

from grader.records.base import ExerciseId, Record, Sha256


class PublishedFile(Record):
    """One file of the exercise folder; ``name`` uses forward slashes."""

    name: str
    sha256: Sha256
    bytes: int


class Exercise(Record):
    """The contents of ``exercise.json``."""

    format_version: Literal[1] = 1
    id: ExerciseId
    title: str
    minutes: int
    files: tuple[PublishedFile, ...]
