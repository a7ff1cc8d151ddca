"""Settings: those shared with the receiver, and those of loading, models, publishing, erasure and reports."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from receiver.settings import CoreSettings, Port, Section, SettingsError

__all__ = ["Settings", "SettingsError"]


class LoadSettings(Section):
    """Settings of the loader: batch size, and the share of rejects that pauses it."""

    max_batch_records: int = Field(50_000, ge=1, description="most records in one commit")
    linger_seconds: float = Field(1.0, ge=0, description="how long a batch is collected while little arrives")
    reject_share: float = Field(
        0.2, gt=0, le=1, description="share of rejects of a source that pauses the load"
    )
    reject_minimum: int = Field(50, ge=1, description="rejects of a source below which the load never pauses")


class ModelsSettings(Section):
    """Settings of model builds: schedule and parameters."""

    enabled: bool = Field(
        True, description="`stream` builds the models and publishes; false where only Dagster builds them"
    )
    interval_seconds: float = Field(
        5, gt=0, description="shortest time between two builds while events arrive"
    )
    conversation_timeout_hours: int = Field(48, ge=1, description="open longer than this: presumed timed out")


class PublishSettings(Section):
    """Settings of the published DuckDB file."""

    marts_seconds: float = Field(10, gt=0, description="the published marts are at most this much older")
    entities_seconds: float = Field(
        600, gt=0, description="the published entities are at most this much older"
    )
    personal: bool = Field(
        False, description="publish the columns about persons too; without it nobody's name is in the file"
    )


class ErasureSettings(Section):
    """Settings of erasure: the key for hashes of erased identifiers, and when to ask for confirmation."""

    key: SecretStr | None = Field(
        None, description="secret of 16 bytes or more for hashes of what was erased; keep it with the lake"
    )
    key_file: Path | None = Field(None, description="file with that secret, instead of KEY")
    ask_over_records: int = Field(1_000, ge=0, description="an erasure of more records wants `--yes`")

    @model_validator(mode="after")
    def _check_one_key(self) -> Self:
        if self.key is not None and self.key_file is not None:
            raise ValueError("give KEY or KEY_FILE, not both")
        return self

    def secret(self) -> bytes | None:
        """Return the key, None if none is set. Raises `SettingsError` when its file cannot be read."""
        if self.key_file is None:
            return None if self.key is None else self.key.get_secret_value().strip().encode()
        try:
            return self.key_file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(
                f"cannot read HIRESTREAM_ERASURE__KEY_FILE: {error.strerror}; make it readable"
            ) from error


class ReportSettings(Section):
    """Settings of marts and reports."""

    time_zone: str = Field("UTC", description="IANA zone that days are cut in")

    @field_validator("time_zone")
    @classmethod
    def _check_zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Lisbon") from error
        return value


class DagsterSettings(Section):
    """Settings of the Dagster web server."""

    port: Port = Field(3000, description="port of the Dagster UI")


class Settings(CoreSettings):
    """All settings, and the paths of files and folders below the home folder."""

    load: LoadSettings = Field(default_factory=LoadSettings)
    models: ModelsSettings = Field(default_factory=ModelsSettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    erasure: ErasureSettings = Field(default_factory=ErasureSettings)
    report: ReportSettings = Field(default_factory=ReportSettings)
    dagster: DagsterSettings = Field(default_factory=DagsterSettings)

    @cached_property
    def receiver_url(self) -> str:
        """Base URL of the receiver for programs on this machine."""
        host = "127.0.0.1" if self.receiver.host in ("0.0.0.0", "::") else self.receiver.host  # noqa: S104
        return f"http://{host}:{self.receiver.port}"

    @cached_property
    def dagster_url(self) -> str:
        """Base URL of the Dagster UI."""
        return f"http://127.0.0.1:{self.dagster.port}"

    @cached_property
    def expected_organizations(self) -> Mapping[str, frozenset[str]]:
        """Organization ids by source name, for the sources that list any."""
        listed = {name: source.organizations for name, source in self.sources.items()}
        return {
            name: frozenset(part.strip() for part in text.split(",") if part.strip())
            for name, text in listed.items()
            if text
        }

    @cached_property
    def warehouse(self) -> Path:
        """Folder of the lake: catalog, data files, lease."""
        return self.home / "warehouse"

    @cached_property
    def published(self) -> Path:
        """Path of the published DuckDB file, which is replaced atomically."""
        return self.home / "warehouse.duckdb"

    @cached_property
    def erasures(self) -> Path:
        """Folder of erasure receipts."""
        return self.home / "erasures"

    @cached_property
    def reports(self) -> Path:
        """Folder of the HTML reports."""
        return self.home / "reports"

    @cached_property
    def dagster_home(self) -> Path:
        """Folder that Dagster uses as DAGSTER_HOME: instance settings and storage."""
        return self.home / "dagster"
