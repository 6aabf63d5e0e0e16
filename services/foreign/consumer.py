#!/usr/bin/env python3
"""A consumer in another language and with another client library (librdkafka).

It processes, then commits: every record's event id is appended as a line to
OUT_FILE, and a batch's offsets are committed only after all of its lines were
flushed. It prints "ready" when its group first assigns partitions to it.

Environment: KAFKA_BROKERS and KAFKA_GROUP (required), KAFKA_TOPIC (default
user-events), KAFKA_INSTANCE (client id, default: the group), SESSION_TIMEOUT_MS
(default 6000), OUT_FILE (default: nothing is written).
"""

import os
import signal
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException

BATCH_SIZE = 100
BATCH_WAIT_SECONDS = 0.25


def required(name):
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"{name} is not set: set it, for example {name}="
                 + ("127.0.0.1:9092" if name == "KAFKA_BROKERS" else "foreign"))
    return value


def configuration():
    group = required("KAFKA_GROUP")
    session_ms = os.environ.get("SESSION_TIMEOUT_MS", "6000")
    if not session_ms.isdigit() or int(session_ms) < 1:
        sys.exit(f"SESSION_TIMEOUT_MS={session_ms} is not a positive number: set it to 6000, for example")
    return {
        "bootstrap.servers": required("KAFKA_BROKERS"),
        "group.id": group,
        "client.id": os.environ.get("KAFKA_INSTANCE") or group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": int(session_ms),
        "heartbeat.interval.ms": max(int(session_ms) // 6, 1),
    }


def event_id(message):
    return dict(message.headers() or {}).get("event-id", b"").decode(errors="replace")


def consume(consumer, out, stopping):
    uncommitted = False
    while not stopping:
        for message in consumer.consume(BATCH_SIZE, timeout=BATCH_WAIT_SECONDS):
            if message.error():  # librdkafka goes on by itself
                print(f"consume: {message.error()}", file=sys.stderr)
                continue
            out.write(event_id(message) + "\n")
            uncommitted = True
        out.flush()
        if uncommitted:
            uncommitted = not commit(consumer)


def commit(consumer):
    """Commits what was consumed, and reports whether nothing is left to commit."""
    try:
        consumer.commit(asynchronous=False)
        return True
    except KafkaException as failure:
        # Tried again after the next batch, unless the partitions have moved to
        # another member: that one reads the records again.
        print(f"commit: {failure}", file=sys.stderr)
        return failure.args[0].code() == KafkaError._NO_OFFSET


def main():
    consumer = Consumer(configuration())
    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))

    said_ready = []

    def on_assign(_, partitions):
        if not said_ready:
            said_ready.append(True)
            print("ready", flush=True)

    consumer.subscribe([os.environ.get("KAFKA_TOPIC") or "user-events"], on_assign=on_assign)
    with open(os.environ.get("OUT_FILE") or os.devnull, "a", encoding="utf-8") as out:
        try:
            consume(consumer, out, stopping)
        finally:
            consumer.close()  # leaves the group


if __name__ == "__main__":
    main()
