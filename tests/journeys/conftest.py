"""Files are read and measured once per worker."""

from tests.journeys.persons import people  # noqa: F401
from tests.workflow.memory import remembered_sandbox  # noqa: F401
