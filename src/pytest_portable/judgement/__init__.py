"""What a check left becomes problems and notes: functions of frozen data that return findings."""

from __future__ import annotations
