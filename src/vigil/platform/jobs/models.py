"""Work that happens by itself."""

from __future__ import annotations

from django.db import models

from vigil.platform import clock


class Job(models.Model):
    """One piece of work, committed together with what made it necessary. `lease_token` is the claim of one worker."""

    class State(models.TextChoices):
        READY = "ready"
        DONE = "done"
        DEAD = "dead"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    run_after = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    last_error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("run_after",), name="jobs_due", condition=models.Q(state="ready")),
            models.Index(fields=("state", "finished_at"), name="jobs_state"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
