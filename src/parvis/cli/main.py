"""``parvis``: what every verb shares, and where the verbs come from.

Verbs on a file or on the data folder are ours; those that need the portal (serve, worker, publish, demo,
reindex) are found under the entry point ``parvis.commands`` and never imported.

Exit codes, the same for every verb:

==  =====================================================================
0   done; nothing waits for a person
1   done, and something waits for a decision (``check``: findings block)
2   the command itself was wrong (unknown option, missing argument)
3   the file was refused, or nothing could be released
4   what was asked for does not exist, or was withdrawn
5   a limit of time, memory, disk or rights stopped the work
==  =====================================================================
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import click

from parvis import __version__
from parvis.cli import budget, file, folder, harvest, out
from parvis.errors import GoneError, InputError, ParvisError, RefusedError, UnknownName

CONTEXT = {"help_option_names": ["-h", "--help", "--aide"], "max_content_width": 110}


@click.group(context_settings=CONTEXT, options_metavar="[OPTIONS]", subcommand_metavar="VERBE")
@click.version_option(__version__, message="parvis %(version)s")
def parvis() -> None:
    """Parvis : les fichiers d'une commune deviennent son portail de données ouvertes."""


def main() -> None:
    """Run the command line: French messages, exit codes as the page above says."""
    for command in (*file.COMMANDS, *budget.COMMANDS, *folder.COMMANDS, *harvest.COMMANDS, *_found()):
        parvis.add_command(command)
    try:
        ended = parvis.main(standalone_mode=False)  # a verb that leaves with a code gives it back
        sys.exit(ended if isinstance(ended, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ParvisError as error:
        out.fail(error)
        sys.exit(code_of(error))
    except OSError as error:
        out.fail(out.disk_error(error))
        sys.exit(5)


def code_of(error: ParvisError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, UnknownName | GoneError):
        return 4
    return 3 if isinstance(error, InputError | RefusedError) else 5


def _found() -> list[click.Command]:
    return [c for point in entry_points(group="parvis.commands") for c in point.load()]


if __name__ == "__main__":
    main()
