"""What can go wrong, named for what the reader must mend."""


class GraderError(Exception):
    """Base of every error that the product raises on purpose.

    The message says what is wrong, where, and what to do; the command line prints it as it is.
    """


class SubmissionError(GraderError):
    """A submission cannot be read; mend the file. Carries every fault found in it.

    Args:
        source: the file as the user named it.
        faults: one sentence a fault, each with its place.
    """

    def __init__(self, source: str, faults: list[str]) -> None:
        self.source = source
        self.faults = tuple(faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(
            "\n".join([f"{source}: {len(faults)} {noun}", *(f"  {f}" for f in faults)])
        )


class KeyFileError(GraderError):
    """An answer key is missing, unreadable, or not the key of this exercise."""


class ExerciseError(GraderError):
    """A published exercise folder is missing, incomplete, or was changed."""


class RubricError(GraderError):
    """A rubric file cannot be used; mend the TOML."""


class PlanError(GraderError):
    """The wishes for an exercise cannot be met together; change the options."""


class BlueprintError(GraderError):
    """A blueprint file cannot be used; mend the TOML."""


class PeopleError(GraderError):
    """A list of people, or what was assigned to them, cannot be used."""


class ProgramError(GraderError):
    """A team's own program cannot be sown or run; mend the script, its command or its files."""


class ScenarioError(GraderError):
    """A scenario is unknown or its folder is incomplete."""


class CatalogError(GraderError):
    """A kind of flaw is unknown or breaks its contract."""


class SecretError(GraderError):
    """The secret file cannot be used."""


class OutputError(GraderError):
    """Something cannot be written where it was asked for."""


class RunError(GraderError):
    """A generated program did not run as it must."""


class AgreementError(GraderError):
    """Scores of people cannot be compared with ours."""


class DecisionsError(GraderError):
    """The file of decisions is damaged, or a decision cannot be made."""


class SecondReaderError(GraderError):
    """A second reader is unknown or gives no answer; nothing depends on it."""
