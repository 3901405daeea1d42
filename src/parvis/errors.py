"""What Parvis could not do, and what to do about it.

* ``ParvisError``            every error of ours
    * ``InputError``         the file or the request is at fault: whoever sent it can mend it
        * ``UnknownColumn``  a column that the table does not have
        * ``UnknownName``    a dataset, version, schema or plugin that does not exist
    * ``RefusedError``       a policy, a right or a safety limit says no
        * ``GoneError``      it existed and was withdrawn; ``reason`` says why
    * ``BusyError``          too much asked at once: try again after ``retry_after`` seconds
    * ``LimitError``         the work passed a limit of time, memory or size
        * ``TooLarge``       one file is larger than what is accepted: asking for it again gives the same
    * ``RemoteError``        another machine failed; ``retryable`` says whether trying again may help
    * ``MissingExtra``       an optional package is needed

Bad data is a ``Finding`` (see ``values``), never an error. Sentences are French, with named places
(``{line}``), so that a screen can translate the sentence and keep the values.
"""

from __future__ import annotations

from collections.abc import Mapping


class ParvisError(Exception):
    """Something could not be done: ``code`` for machines, ``text`` and ``hint`` for people.

    ``message`` and ``hint`` are French sentences whose ``{places}`` are filled from ``values``.
    """

    code = "error"
    retryable = False

    def __init__(self, message: str, hint: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.values: Mapping[str, object] = values

    @property
    def text(self) -> str:
        """The sentence with its values, then the hint if there is one."""
        said = self.message.format(**self.values)
        return f"{said} {self.hint.format(**self.values)}" if self.hint else said

    def __str__(self) -> str:
        return self.text


class InputError(ParvisError):
    code = "input"


class UnknownColumn(InputError):
    code = "unknown_column"


class UnknownName(InputError):
    code = "not_found"


class RefusedError(ParvisError):
    code = "refused"


class GoneError(RefusedError):
    code = "gone"


class BusyError(ParvisError):
    code = "busy"
    retryable = True

    def __init__(self, message: str, hint: str = "", retry_after: int = 2, **values: object) -> None:
        super().__init__(message, hint, **values)
        self.retry_after = retry_after


class LimitError(ParvisError):
    code = "limit"


class TooLarge(LimitError):
    code = "too_large"


class RemoteError(ParvisError):
    code = "remote"

    def __init__(self, message: str, hint: str = "", retryable: bool = False, **values: object) -> None:
        super().__init__(message, hint, **values)
        self.retryable = retryable


class MissingExtra(ParvisError):
    code = "missing_extra"
