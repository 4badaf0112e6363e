"""Dagster's own log of a run: a file of the workspace, not the terminal."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

import dagster as dg

from orchestration.workspace import read_workspace


def _open_log(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that appends to the log file of the data set's workspace."""
    path = read_workspace().dagster_home / "run.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=2, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.Logger("orchestration.run_log", logging.DEBUG)
    logger.addHandler(handler)
    return logger


run_log = dg.LoggerDefinition(_open_log, description="Writes to dagster/run.log of the workspace.")
