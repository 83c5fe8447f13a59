"""Asks the replica on PORT how it is, for what has no HTTP client of its own (systemd, a container).

deploy/probe.py healthz       0 where it is alive
deploy/probe.py readyz 60     0 as soon as it is ready, 1 where it is not within 60 seconds
"""

import http.client
import os
import sys
import time


def main(question: str, seconds: float = 0) -> int:
    until = time.monotonic() + seconds
    while not says_yes(question):
        if time.monotonic() >= until:
            return 1
        time.sleep(0.1)
    return 0


def says_yes(question: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or "8000"), timeout=10)
    try:
        connection.request("GET", f"/{question}")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(float, sys.argv[2:])))
