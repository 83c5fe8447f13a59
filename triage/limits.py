"""What a worker process may not do. Runs in it as it starts (triage/workers.py), before anything that is sent comes."""

import logging
import os
import resource

# Bytes of address space. WeasyPrint with a picture needs about a third of it.
MEMORY = 1024 * 1024 * 1024


def apply() -> None:
    """Sets the limits of this process: memory, files, the order in which it gets a processor."""
    # A library may quote what it was given, and there is no private formatter here.
    logging.disable()
    # Nor is anything else that is said in here for the log: a native library may quote too.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for said in (1, 2):
        os.dup2(nowhere, said)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # It may write no file, and leave no memory image behind.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Whoever waits for a page has waited long enough: a PDF gets what pages leave of a processor.
    os.nice(19)
