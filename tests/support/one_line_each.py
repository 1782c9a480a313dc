"""A pytest plugin, loaded by tests/run: prints the lines that tests/run counts, in place of pytest's own report.

A test's name is the first line of its docstring, or else its function's name; the parameters follow in brackets. What
helps to understand a failure stands above its line.
"""
import pytest


def title_of(item):
    text = (getattr(item.obj, "__doc__", None) or item.originalname).strip().splitlines()[0]
    return f"{text} [{item.callspec.id}]" if hasattr(item, "callspec") else text


def reason_of(report):
    if report.skipped:
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else report.longreprtext).splitlines()[0]


class OneLineEach:
    def __init__(self):
        self.titles = {}

    def pytest_collection_modifyitems(self, items):
        self.titles = {item.nodeid: title_of(item) for item in items}

    def pytest_collectreport(self, report):
        if report.failed:
            print(report.longreprtext, flush=True)

    def pytest_runtest_logreport(self, report):
        title = self.titles[report.nodeid]
        if report.when == "teardown":
            title += ": its end"
        if report.failed:
            print(f"{report.longreprtext}\nnot ok {title} - {reason_of(report)}", flush=True)
        elif report.skipped:
            print(f"skip {title} - {reason_of(report)}", flush=True)
        elif report.when == "call":
            print(f"ok {title}", flush=True)


@pytest.hookimpl(trylast=True)  # after pytest has registered its own report
def pytest_configure(config):
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(OneLineEach())
