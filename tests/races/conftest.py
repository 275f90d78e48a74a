"""Files are read and measured once per worker."""

from tests.workflow.memory import remembered_sandbox  # noqa: F401
