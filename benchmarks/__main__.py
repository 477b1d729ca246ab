"""``make bench``: how fast the workbench is, as ratios measured in one run on this machine.

Absolute figures are printed beside them, but travel badly. Each measurement is taken three times, alternating with what
it is compared to, and the median is shown. ``python -m benchmarks mail bulk`` runs only those.
"""

from __future__ import annotations

import sys

from benchmarks import bulk, jobs, leads, load, mail, mirror, screen

ALL = {
    "mail": mail.main,
    "jobs": jobs.main,
    "bulk": bulk.main,
    "mirror": mirror.main,
    "leads": leads.main,
    "load": load.main,
    "screen": screen.main,
}


def main(chosen: list[str]) -> None:
    unknown = set(chosen) - set(ALL)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}. Choose among {', '.join(ALL)}.")
    for name in chosen or ALL:
        ALL[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
