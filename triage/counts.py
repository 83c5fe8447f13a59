"""Numbers about the triage, for /metrics. None of them is about a person: they count verdicts, problems and tasks."""

from prometheus_client import Counter, Gauge, Histogram

from helpdesk.monitoring import BUCKETS

VERDICTS = Counter("wayin_verdicts", "Pages with a verdict that were shown", ["verdict"])
PROBLEMS = Counter("wayin_problems", "Problems on the pages with a verdict", ["problem"])
PACKETS = Counter("wayin_packets", "Packets that were made", ["kind"])

TASKS = Counter("wayin_tasks", "Tasks for the warm process", ["task", "outcome"])
TASK_SECONDS = Histogram("wayin_task_seconds", "Seconds of a task, waiting included", ["task"], buckets=BUCKETS)
PLACES_TAKEN = Gauge("wayin_places_taken", "Requests that wait for the warm process or have it")
