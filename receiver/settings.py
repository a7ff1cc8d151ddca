"""Settings of the receiver, which the pipelines extend; read once at start-up from environment or TOML file.

A missing or malformed setting raises `SettingsError`, which names the variable and the remedy. No message
contains a secret.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "HIRESTREAM_"
PROJECT = Path(__file__).resolve().parent.parent

Provider = Literal["popp", "orufy", "standard_webhooks"]
Port = Annotated[int, Field(ge=1, le=65535)]
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class SettingsError(Exception):
    """Raised when a setting is missing or malformed. The one-line message names setting, fault and remedy."""


class Section(BaseModel):
    """Base class of a group of settings: immutable, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """Settings of the Kafka cluster and the topic."""

    bootstrap_servers: str | None = Field(None, description="Kafka to use; unset means the embedded broker")
    port: Port = Field(19092, description="port of the embedded broker")
    controller_port: Port = Field(19093, description="controller port of the embedded broker")
    topic: str = Field("webhooks.events.v1", description="the one topic", pattern=r"^[a-zA-Z0-9._-]{1,200}$")
    partitions: int = Field(6, ge=1, le=512, description="partitions of the topic when it is created")
    retention_days: int = Field(14, ge=1, description="retention of the topic when it is created")
    replication_factor: int = Field(1, ge=1, description="replicas of the topic when it is created")
    min_insync_replicas: int = Field(1, ge=1, description="min.insync.replicas of the topic")
    max_message_bytes: int = Field(
        2 * 1024 * 1024, ge=1024, description="largest message, topic and producer"
    )
    flush_every_message: bool = Field(
        False, description="embedded broker: fsync each message before it is confirmed (survives power loss)"
    )
    config: dict[str, str] = Field(
        default_factory=dict, description="passed to librdkafka; SECURITY_PROTOCOL becomes security.protocol"
    )

    @field_validator("config", mode="before")
    @classmethod
    def _to_librdkafka_names(cls, value: Any) -> Any:
        return (
            {k.lower().replace("_", "."): str(v) for k, v in value.items()}
            if isinstance(value, dict)
            else value
        )

    def client_config(self) -> dict[str, str]:
        """Return the librdkafka settings that every Kafka client of hirestream uses."""
        return {"bootstrap.servers": self.bootstrap_servers or f"127.0.0.1:{self.port}", **self.config}


class ReceiverSettings(Section):
    """Settings of the HTTP server: address, limits and time-outs."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(8080, description="port to listen on")
    max_body_bytes: int = Field(1_000_000, ge=1, description="largest body; more is answered 413")
    max_connections: int = Field(1024, ge=1, description="open connections; more are refused with 503")
    headers_timeout_seconds: float = Field(
        10, gt=0, description="from the first byte to the end of the headers"
    )
    body_timeout_seconds: float = Field(
        20, gt=0, description="from the end of the headers to the end of the body"
    )
    idle_timeout_seconds: float = Field(
        30, gt=0, description="an idle kept-alive connection is closed after it"
    )
    confirm_timeout_seconds: float = Field(5, gt=0, description="longest wait for Kafka before 503")


class SourceSettings(Section):
    """Settings of one source: provider, secrets, signature scheme and retention."""

    provider: Provider = Field(description="popp, orufy or standard_webhooks")
    secrets: SecretStr | None = Field(None, description="live secrets as kid:value,kid:value")
    secrets_file: Path | None = Field(None, description="file with one kid:value a line, instead of SECRETS")
    scheme: str | None = Field(None, description="signature scheme, where it is not the provider's own")
    hold_unverified: bool = Field(
        False, description="keep what does not verify, still refused, until the scheme is corrected"
    )
    organizations: str | None = Field(None, description="organization ids expected, separated by commas")
    retention_days: int | None = Field(
        None, ge=1, description="personal data older than this is redacted every day; unset: kept forever"
    )

    @model_validator(mode="after")
    def _require_one_secret_setting(self) -> Self:
        if (self.secrets is None) == (self.secrets_file is None):
            raise ValueError("give exactly one of SECRETS and SECRETS_FILE (as kid:value,kid:value)")
        return self

    def live_secrets(self) -> dict[str, bytes]:
        """Return key id to secret, in the order given. Raises `SettingsError` for a missing or bad secret."""
        text = self._read_file() if self.secrets is None else self.secrets.get_secret_value()
        found: dict[str, bytes] = {}
        for number, item in enumerate((part.strip() for part in re.split(r"[,\n]", text)), start=1):
            if not item:
                continue
            kid, colon, value = item.partition(":")
            if not (colon and kid and value) or kid in found:
                raise SettingsError(
                    f"secret number {number} is not a new kid:value; write SECRETS as kid:value,kid:value"
                )
            found[kid] = value.encode()
        if not found:
            raise SettingsError("there is no secret in it; write SECRETS as kid:value,kid:value")
        return found

    def _read_file(self) -> str:
        assert self.secrets_file is not None  # noqa: S101 - ensured by _require_one_secret_setting
        try:
            return self.secrets_file.read_text()
        except OSError as error:
            raise SettingsError(f"cannot read SECRETS_FILE: {error.strerror}; make it readable") from error


class HeldSettings(Section):
    """Limits of the store of unverified deliveries (HOLD_UNVERIFIED); a full store keeps no more."""

    max_bytes: int = Field(50_000_000, ge=1, description="maximum bytes of stored unverified deliveries")
    max_deliveries: int = Field(10_000, ge=1, description="maximum number of stored unverified deliveries")


class SpoolSettings(Section):
    """Settings of the spool, which stores deliveries while Kafka does not confirm."""

    enabled: bool = Field(True, description="keep on disk what Kafka does not confirm in time; else 503")
    wait_seconds: float = Field(
        2, gt=0, description="longest wait for Kafka before the spool is used; never over CONFIRM_TIMEOUT"
    )
    max_bytes: int = Field(1024**3, ge=1, description="most bytes in the spool; then 503")
    max_age_seconds: float = Field(
        3 * 24 * 3600, gt=0, description="while the oldest in the spool is older nothing is added: 503"
    )


class CoreSettings(BaseSettings):
    """Settings that the receiver and the pipelines need. `pipelines.settings.Settings` adds the others."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", validate_default=True
    )

    home: Path = Field(
        PROJECT / "var", description="all state: broker data, spool, lake, published file, Dagster storage"
    )
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    receiver: ReceiverSettings = Field(default_factory=ReceiverSettings)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    held: HeldSettings = Field(default_factory=HeldSettings)
    spool: SpoolSettings = Field(default_factory=SpoolSettings)

    @field_validator("home")
    @classmethod
    def _resolve_home(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("sources")
    @classmethod
    def _check_source_names(cls, value: dict[str, SourceSettings]) -> dict[str, SourceSettings]:
        for name in value:
            if not SOURCE_NAME.fullmatch(name):
                raise ValueError(f"source name {name!r} must be lower-case letters, digits, - or _")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic defines this signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the origins of values by precedence: arguments, environment, `hirestream.toml` in home."""
        home = Path(os.environ.get(f"{PREFIX}HOME", PROJECT / "var")).expanduser()
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "hirestream.toml")

    @classmethod
    def read(cls) -> Self:
        """Read this process's settings. Raises `SettingsError` when one is unknown, missing or malformed."""
        known = {name.upper() for name in cls.model_fields}
        for variable in sorted(os.environ):
            if variable.startswith(PREFIX) and variable[len(PREFIX) :].split("__")[0] not in known:
                raise SettingsError(
                    f"{variable} is not a setting of hirestream; see the settings table in README.md"
                )
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = PREFIX + "__".join(str(part).upper() for part in first["loc"])
            raise SettingsError(f"{name}: {first['msg']}; see the settings table in README.md") from None
        except (ValueError, OSError) as error:
            raise SettingsError(f"settings cannot be read: {error}") from error

    def source_secrets(self) -> dict[str, dict[str, bytes]]:
        """Return source to secrets by key id. Raises `SettingsError` without a source or a usable secret."""
        if not self.sources:
            raise SettingsError(
                "no source is configured; set HIRESTREAM_SOURCES__POPP__PROVIDER=popp "
                "and HIRESTREAM_SOURCES__POPP__SECRETS=kid:value"
            )
        found = {}
        for name, source in self.sources.items():
            try:
                found[name] = source.live_secrets()
            except SettingsError as error:
                raise SettingsError(f"{PREFIX}SOURCES__{name.upper()}: {error}") from None
        return found
