"""Files of a simulation: deliveries to send later, and the truth to compare the marts with."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from pipelines.errors import UsageError
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.delivery.http_sender import SendReport, Sign, send_all
from pipelines.simulate.simulation import Simulation
from pipelines.simulate.truth.cells import TruthRow

DELIVERIES = "deliveries.ndjson"
TRUTH = "truth.json"


def write_simulation(simulation: Simulation, directory: Path) -> tuple[Path, Path]:
    """Write `deliveries.ndjson` (bodies in base64, in sending order) and `truth.json`; return both paths.

    Creates the directory when it is missing. Raises `OSError`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    deliveries = directory / DELIVERIES
    with deliveries.open("wb") as file:
        file.writelines(_line(delivery) for delivery in simulation.deliveries)
    return deliveries, write_truth(simulation.truth, directory / TRUTH)


def read_deliveries(path: Path) -> Iterator[Delivery]:
    """Read `deliveries.ndjson` line by line. Raises `UsageError` with the number of a malformed line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield msgspec.json.decode(line, type=Delivery)
            except msgspec.MsgspecError as error:
                raise UsageError(f"{path.name}, line {number} is no delivery: {error}") from None


def write_truth(truth: Iterable[TruthRow], path: Path) -> Path:
    """Write the truth to `path` as one JSON array. Returns the path."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(truth)), indent=1) + b"\n")
    return path


def read_truth(path: Path) -> list[TruthRow]:
    """Read a file of `write_truth`. Raises `UsageError` when it is missing or has another content."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[TruthRow])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path.name} is no truth of a simulation: {error}") from None


def send_file(path: Path, url: str, source: str, sign: Sign) -> SendReport:
    """Post the bytes of one file as one delivery.

    Raises `UsageError` when the file cannot be read, `Unavailable` when the receiver does not answer.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return send_all([Delivery(body, "", source=source)], url, {source: sign}, concurrency=1)


def _line(delivery: Delivery) -> bytes:
    return msgspec.json.encode(delivery) + b"\n"
