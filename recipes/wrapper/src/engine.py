"""The engine behind this server: started as the image says, and gone when this server goes."""

import json
import subprocess
from pathlib import Path

ENGINE = json.loads(Path("/etc/ingot/engine.json").read_text())
ADDRESS = f"http://127.0.0.1:{ENGINE['port']}"


def start() -> subprocess.Popen[bytes]:
    """Its log goes where ours goes, so that one `docker logs` shows both."""
    return subprocess.Popen(ENGINE["command"])
