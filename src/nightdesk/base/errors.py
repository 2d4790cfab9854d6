"""The one error that a person can mend: what is wrong and the way out."""


class DeskError(Exception):
    """Something the user must mend: shown as one line, `message` and, if given, `fix`.

    Everything else that is raised is a bug and keeps its traceback.
    """

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} ({self.fix})" if self.fix else self.message
