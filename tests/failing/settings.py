"""The site's own settings, with the addresses of failing/urls.py, and a pipe for all that is said.

In production a program reads what is said, such as the journal. Into a file the PDF process could say nothing:
it may write none (triage/limits.py).
"""

import os
import subprocess

from helpdesk.settings import *  # noqa: F403

ROOT_URLCONF = "failing.urls"

_reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
for _said in (1, 2):
    os.dup2(_reader.stdin.fileno(), _said)
