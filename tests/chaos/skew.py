"""The library that skews a host's clock (skew.c), made where there is a C compiler."""

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def library(folder: Path) -> Path:
    """The compiled library, in this folder."""
    made = folder / "skew.so"
    if not made.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", made, SOURCE], check=True)
    return made


def why_not() -> str:
    """Why clocks can't be skewed here; empty where they can."""
    return "" if shutil.which("cc") else "there is no C compiler (cc)"
