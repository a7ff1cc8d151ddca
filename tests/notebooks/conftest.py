"""The lake that the reports are tested on, too."""

from tests.reports.conftest import lake, shapes, simulated

__all__ = ["lake", "shapes", "simulated"]
