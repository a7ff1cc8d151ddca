"""The bound of a drain: take every message off the topic, nothing else. `... BOOTSTRAP TOPIC COUNT`."""

import json
import sys
import time

from pipelines.ingest.consumer import CHUNK_RECORDS, TopicReader
from pipelines.ingest.topic_admin import ensure_topic
from receiver.settings import KafkaSettings


def consume(kafka: KafkaSettings, count: int) -> float:
    """Seconds until `count` messages were handed over by the client library."""
    topic = ensure_topic(kafka)
    with TopicReader(kafka, topic, {}) as reader:
        started, seen = time.perf_counter(), 0
        while seen < count:
            seen += len(reader.consume(CHUNK_RECORDS, 1.0))
        return time.perf_counter() - started


if __name__ == "__main__":
    seconds = consume(KafkaSettings(bootstrap_servers=sys.argv[1], topic=sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"seconds": seconds}))
