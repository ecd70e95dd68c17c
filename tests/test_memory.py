"""Memory does not grow with the upload."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDERS = (150_000, 450_000)  # 92 and 277 MB; a smaller upload does not fill what is held back for good row groups
MARGIN = 75_000  # KiB, of the 180,000 that the larger upload has more; the keys seen take 24 bytes a row
_PEAK = """
import resource, sys
from etl.cli import main
try:
    main()
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def peak(upload: Path, folder: Path) -> int:
    """KiB that `etl run` has held at most."""
    places = ["--lake", folder / "lake", "--quarantine", folder / "quarantine"]
    command = [sys.executable, "-c", _PEAK, "run", upload, "--contract", ROOT / "contracts/orders.odcs.yaml", *places]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1])


def test_memory_does_not_grow_with_the_upload(tmp_path: Path) -> None:
    peaks = []
    for orders in ORDERS:
        upload = tmp_path / f"{orders}.ndjson"
        generate = [sys.executable, ROOT / "bench/generate.py", str(orders), upload, "--bad", "0.01"]
        subprocess.run(generate, check=True, capture_output=True)
        peaks.append(peak(upload, tmp_path / str(orders)))
        upload.unlink()
    assert peaks[1] - peaks[0] < MARGIN, peaks
