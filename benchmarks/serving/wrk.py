"""A load from another process: wrk, each request another body of a file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load", "Measured", "write_bodies"]

_TICKS = os.sysconf("SC_CLK_TCK")
# The bodies are read once; `done` prints what wrk's own lines say less exactly.
_SCRIPT = """
local bodies, n = {}, 0
function init(args)
  if args[1] then for line in io.lines(args[1]) do bodies[#bodies + 1] = line end end
  for i = 2, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  n = math.random(0, #bodies)
end
function request()
  if #bodies == 0 then return wrk.format("GET") end
  n = n % #bodies + 1
  return wrk.format("POST", nil, nil, bodies[n])
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"microseconds":%d,"p50":%g,"p99":%g,"refused":%d,"failed":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def write_bodies(folder: Path, name: str, bodies: Sequence[str]) -> Path:
    """Write bodies, one a line."""
    path = folder / name
    path.write_text("\n".join(bodies) + "\n", "utf-8")
    return path


@dataclass(frozen=True)
class Measured:
    """What one run of wrk measured; times in milliseconds, CPU time that of the server's processes."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Load:
    """What is sent to a server.

    Parameters
    ----------
    url : str
        Where to.
    processes : collection of int
        The server's processes.
    bodies : Path, optional
        What to post; without it, GET.
    headers : mapping
        Headers.
    each : int
        Decisions in a body.
    """

    url: str
    processes: Collection[int]
    bodies: Path | None
    headers: Mapping[str, str]
    each: int = 1

    def run(self, folder: Path, clients: int, seconds: float) -> Measured:
        """Send for some seconds, and refuse to count anything but answers with status 2xx."""
        script = folder / "load.lua"
        script.write_text(_SCRIPT, "utf-8")
        sent = [str(self.bodies or ""), *(f"{name}: {value}" for name, value in self.headers.items())]
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(script)]
        before = self._cpu_seconds()
        printed = subprocess.check_output([*command, self.url, "--", *(sent if self.bodies else [])], text=True)  # noqa: S603
        cpu = self._cpu_seconds() - before
        found = json.loads(printed.rstrip().rsplit("\n", 1)[-1])
        assert found["refused"] == found["failed"] == 0, found
        assert found["requests"], f"{self.url}: no request was answered in {seconds} s"
        decided = found["requests"] * self.each
        return Measured(
            per_second=decided / found["microseconds"] * 1e6,
            p50_ms=found["p50"] / 1000,
            p99_ms=found["p99"] / 1000,
            cpu_ms=cpu / decided * 1000,
        )

    def _cpu_seconds(self) -> float:
        return sum(_cpu_seconds(process) for process in self.processes)


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
