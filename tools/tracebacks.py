"""A pytest plugin: failures as pytest itself shows them, down to the project's own lines.

Ape shows every frame below the project's folder with its locals. `.venv` lies there too, so one
failed assertion fills several screens with the insides of pytest and Ape.
"""

import sysconfig

import pytest

PACKAGES = sysconfig.get_path("purelib")


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(
    node: pytest.Item | pytest.Collector,
    call: pytest.CallInfo[object],
    report: pytest.CollectReport | pytest.TestReport,
) -> None:
    error = call.excinfo
    if error is None:
        return
    report.longrepr = node.repr_failure(error)
    own = error.traceback.filter(lambda entry: not str(entry.path).startswith(PACKAGES))
    is_inside_package = own and own[-1] is not error.traceback[-1]
    if is_inside_package and not isinstance(error.value, pytest.fail.Exception):
        error.traceback = own
        report.longrepr = error.getrepr(funcargs=True, tbfilter=False, chain=False)
