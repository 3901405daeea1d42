"""Upward news, sent once the transaction is committed."""

from __future__ import annotations

from django.dispatch import Signal

version_released = Signal()  # dataset, version
dataset_withdrawn = Signal()  # dataset, reason
