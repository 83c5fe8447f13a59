"""`make bench`: packets and pages beside their peers, in one run. Prints its figures as Markdown.

    make bench                                 everything, in about five minutes
    make bench ARGS="--only packet"            one half
    make bench ARGS="--no-picture"             packets without a picture, as most are
    make bench ARGS="--server granian"         pages by the other server
    make bench ARGS=--quick                    to try it: two rounds, whose figures say little

All take their turns, round after round, on the same machine at the same time. What is compared with what, and what the
figures do not say, is in docs/performance.md.
"""

import argparse
import os
import signal
import sys

import django

from trials.bench import packet, pages, peers
from trials.bench.makers import MAKERS
from trials.sites import EXAMPLE


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=["packet", "pages"], help="one half")
    parser.add_argument("--rounds", type=int, help="how many turns each has (packet 7, pages 4)")
    parser.add_argument("--server", choices=pages.SERVERS, default="gunicorn", help="what serves all pages but nginx's")
    parser.add_argument("--no-picture", dest="picture", action="store_false", help="packets without one, as most are")
    parser.add_argument("--quick", action="store_true", help="two rounds, to try it")
    chosen = parser.parse_args()
    # Whatever ends it, what it started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk.settings"
    os.environ["WAYIN_ORGANIZATION"] = str(EXAMPLE)
    peers.have_peers()
    django.setup()
    if chosen.only != "pages":
        rounds = chosen.rounds or (2 if chosen.quick else 7)
        starts = 1 if chosen.quick else 3
        print(packet.report(packet.measure(list(MAKERS), rounds, starts, chosen.picture)), flush=True)
    if chosen.only != "packet":
        rounds = chosen.rounds or (2 if chosen.quick else 4)
        figures = pages.measure(chosen.server, rounds, seconds=1 if chosen.quick else 2)
        print(pages.report(chosen.server, figures), flush=True)


if __name__ == "__main__":
    main()
