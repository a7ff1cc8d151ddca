"""The lake that the reports are tested on, too."""

from tests.support.report_fixtures import lake, shapes, simulated

__all__ = ["lake", "shapes", "simulated"]
