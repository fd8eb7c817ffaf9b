"""Imports modules to check whether they work in the main interpreter of a process,
which any extension module supports. It follows packages.py and probe.py, and is the
program of a plain Python that does nothing else: it reads what probe.Request says
from its standard input, and reports to descriptor 3 as embed.Probe does.
"""


def _probe_all():
    import json
    import os

    request = json.load(sys.stdin)
    folder = request["packages"]
    for path in (folder, *_named_by_pth_files(folder)):  # noqa: F821 (packages.py)
        sys.path.append(path)
    os.set_inheritable(3, False)
    with open(3, "w", buffering=1, closefd=False) as report:
        for module in request["modules"]:
            report.write(json.dumps({"module": module, "begins": True}) + "\n")
            line = json.loads(probe_module(module.encode()))  # noqa: F821 (probe.py)
            report.write(json.dumps(line | {"module": module}) + "\n")
    os._exit(0)  # at once: the imported modules may have left threads or hooks


_probe_all()
