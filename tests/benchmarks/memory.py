"""The largest memory of a process; it loads nothing, so that it can be measured with anything."""

from pathlib import Path


def peak_memory() -> float:
    """Largest memory of this process so far in MiB, NaN where the system does not say.

    It is what Linux says; `resource` would count what the parent had when it forked.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
