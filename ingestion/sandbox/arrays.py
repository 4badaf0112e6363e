"""What the simulation is made of: arrays with one entry per thing."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

# Seconds since 1970-01-01T00:00:00Z, whole ones; NaN for never.
Moments: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]
Texts: TypeAlias = npt.NDArray[np.object_]
