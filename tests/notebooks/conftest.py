"""The lake that the reports are tested on, too."""

from tests.reports.conftest import lake, simulated

__all__ = ["lake", "simulated"]
