"""A stranger's file, read in a process of its own: without the site's environment, killed when its time is up."""

import subprocess
import sys
import tempfile
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.evidence.reader import SECONDS

WHY = {
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than 20 MiB."),
    "kind": _("This is no PDF, PNG or JPEG file, whatever its name says."),
    "more": _("There is something behind the end of the document or picture. Save it anew, and send that."),
    "broken": _("The file cannot be opened. Save it anew, and send that."),
    "encrypted": _("The PDF is encrypted. Save it without a password, and send that."),
    "active": _("The PDF holds programs or attached files. Print it into a new PDF, and send that."),
    "bomb": _("The file unfolds to far more than a document needs. Save it smaller, and send that."),
}
_ROOT = Path(__file__).resolve().parents[2]
# -I keeps the working directory and PYTHON* out of the import path; only the checkout is added, at its end
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "import runpy; runpy.run_module('accounts.evidence.reader', run_name='__main__', alter_sys=True)"
)


def kind_of(path: Path) -> str:
    """`pdf`, `png` or `jpeg`. Raises ValidationError on `file`, with the reason, for whatever else it may be."""
    said, word = ask(path)
    if said != "is":
        raise ValidationError({"file": WHY.get(word, WHY["broken"])})
    return word


def ask(path: Path) -> tuple[str, str]:
    """("is", kind) or ("no", reason). A time-out or a crash is a reason, too, and leaves no process behind."""
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder, "TZ": "UTC"}
        command = [sys.executable, "-I", "-c", _START, str(_ROOT), str(path.resolve())]
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, timeout=2 * SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "no", "bomb"
    words = done.stdout.decode(errors="replace").split()
    if done.returncode < 0:
        return "no", "bomb"
    return (words[0], words[1]) if done.returncode == 0 and len(words) == 2 else ("no", "broken")
