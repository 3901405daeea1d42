"""Classes made cheaper by what they may do for one another, once a walk has ended.

No row can then be moved, and no class opened, that would gain alone: what others lose eats the gain. But two or three
classes can be divided anew at once (``division``), and the dearest ones given up or relieved of a row (``sending``).
"""

from __future__ import annotations

from parvis.privacy.microdata import sending
from parvis.privacy.microdata.division import Division
from parvis.privacy.microdata.inplay import Play
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.recoded import Recoded


def exchanged(lattice: Lattice, k: int, recoded: Recoded) -> Recoded:
    """Return a recoding that costs as much or less, each class still holding ``k`` rows.

    ``lattice`` says what is dear. For demands that count rows only: the values that a class holds are not looked at.
    """
    play = Play(lattice, k, recoded)
    if play.groups < 2:
        return recoded
    sending.give_up(play)
    sending.send(play)
    division = Division(play)
    division.divide(2)
    division.divide(2)
    division.glean()
    division.divide(2)
    division.divide(3)
    division.divide(2)
    sending.send(play)
    division.divide(2)
    division.divide(3)
    division.divide(2)
    return play.recoded()
