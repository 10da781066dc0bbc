"""Prints what this machine has, as JSON: torch, its folder, the card and its driver."""

import json
import os
import platform
import subprocess

import torch

cuda = torch.cuda.is_available()
properties = torch.cuda.get_device_properties(0) if cuda else None
try:
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=60).stdout.split()
    driver = f"driver {said[0]}" if cuda and said else None
except (OSError, subprocess.TimeoutExpired):
    driver = None
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "site": os.path.dirname(os.path.dirname(torch.__file__)),
            "python": platform.python_version(),
            "card": properties and properties.name,
            "capability": properties and f"{properties.major}.{properties.minor}",
            "memoryBytes": properties and properties.total_memory,
            "driver": driver,
        }
    )
)
