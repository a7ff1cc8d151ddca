"""All settings: the shared ones and those of loading, modelling and showing."""

from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from receiver.settings import CoreSettings, Port, Section, SettingsError

__all__ = ["Settings", "SettingsError"]


class LoadSettings(Section):
    """How the loader batches and when it stops."""

    max_batch_records: int = Field(50_000, ge=1, description="most records in one commit")
    linger_seconds: float = Field(1.0, ge=0, description="how long a batch is collected while little arrives")
    reject_share: float = Field(
        0.2, gt=0, le=1, description="share of rejects of a source that pauses the load"
    )
    reject_minimum: int = Field(50, ge=1, description="rejects of a source below which the load never pauses")


class ModelsSettings(Section):
    """When the models are built and what they take for granted."""

    interval_seconds: float = Field(
        5, gt=0, description="shortest time between two builds while events arrive"
    )
    conversation_timeout_hours: int = Field(48, ge=1, description="open longer than this: presumed timed out")


class PublishSettings(Section):
    """The plain DuckDB file for other tools."""

    marts_seconds: float = Field(10, gt=0, description="the published marts are at most this much older")
    entities_seconds: float = Field(
        600, gt=0, description="the published entities are at most this much older"
    )


class ReportSettings(Section):
    """What a report shows."""

    time_zone: str = Field("UTC", description="IANA zone that days are cut in")

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no IANA time zone such as Europe/Lisbon") from error
        return value


class DagsterSettings(Section):
    """The Dagster web server."""

    port: Port = Field(3000, description="port of the Dagster UI")


class Settings(CoreSettings):
    """Everything that can be set, and where things are below the home folder."""

    load: LoadSettings = Field(default_factory=LoadSettings)
    models: ModelsSettings = Field(default_factory=ModelsSettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    report: ReportSettings = Field(default_factory=ReportSettings)
    dagster: DagsterSettings = Field(default_factory=DagsterSettings)

    @cached_property
    def warehouse(self) -> Path:
        """Folder of the lake: catalog, data files, lease."""
        return self.home / "warehouse"

    @cached_property
    def published(self) -> Path:
        """The plain DuckDB file that is replaced atomically."""
        return self.home / "warehouse.duckdb"

    @cached_property
    def reports(self) -> Path:
        """Folder of the HTML reports."""
        return self.home / "reports"

    @cached_property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME: instance settings and storage."""
        return self.home / "dagster"
