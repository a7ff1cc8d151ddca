"""The same process with HMAC only, the ceiling of the bench: `python -m tests.support.null_server`."""

from receiver.server import check, serve_into
from receiver.settings import CoreSettings
from tests.support.publishers import NullPublisher

if __name__ == "__main__":
    settings = CoreSettings.read()
    check(settings)
    serve_into(NullPublisher(), settings)
