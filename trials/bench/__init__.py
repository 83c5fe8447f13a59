"""`make bench`: how long a packet and a page take here, beside those who are good at it (docs/performance.md)."""
