"""The site with a few more addresses, each of which fails in its own way: for tests on the real server.

DJANGO_SETTINGS_MODULE=failing.settings with tests/ on the path starts it.
"""
