"""The worker: does due jobs one after another and the periodic work between them, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import close_old_connections
from django.utils.module_loading import autodiscover_modules

from vigil.platform import clock, turns
from vigil.platform.jobs import queue

log = logging.getLogger("vigil.jobs")

IDLE_SECONDS = 0.5


class Worker:
    """`now` and `stop` are handed in, so that a test drives time and a command ends it."""

    def __init__(self, now: Callable[[], datetime] = clock.now, stop: threading.Event | None = None) -> None:
        self.now = now
        self.stop = stop or threading.Event()
        self._due: dict[str, datetime] = {}
        autodiscover_modules("jobs")

    def run_forever(self) -> None:
        """Work until `stop` is set; who registers meanwhile comes first."""
        turns.give_way()
        while not self.stop.is_set():
            try:
                busy = self.run_once()
            except Exception:  # the database may be away for a while; the worker stays
                log.exception("worker round failed")
                busy = False
            if not busy:
                close_old_connections()
                self.stop.wait(IDLE_SECONDS)

    def run_once(self) -> bool:
        """One round: what is due of the periodic work, then at most one job; whether there was a job."""
        self._run_periodic()
        claimed = queue.claim(self.now())
        if claimed is None:
            return False
        queue.run(claimed, self.now(), self._run_periodic)
        return True

    def run_until_idle(self) -> int:
        """Do every job that is due now; how many. For tests and for start-up."""
        done = 0
        while self.run_once():
            done += 1
        return done

    def _run_periodic(self) -> None:
        for name, periodic in queue.PERIODIC.items():
            now = self.now()
            if self._due.setdefault(name, now) > now:
                continue
            self._due[name] = now + periodic.every
            try:
                periodic.handler(now)
            except Exception as error:  # one kind's trouble must not stop the others
                fields = {"kind": name, "code": type(error).__name__}
                log.error("periodic work failed", extra=fields, exc_info=error)
