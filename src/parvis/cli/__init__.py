"""The ``parvis`` command: the same verbs as the library and the screens."""

import gettext
import os
from pathlib import Path

# click's own sentences come from gettext's default domain, some of them as soon as it is imported.
os.environ["LANGUAGE"] = "fr"
gettext.bindtextdomain("click", Path(__file__).resolve().parents[1] / "locale")
gettext.textdomain("click")
