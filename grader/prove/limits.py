"""What a child process may use, and what it may not see."""

import ctypes
import os
import resource

MEMORY_BYTES = 8 * 2**30
FILE_BYTES = 256 * 2**20
OPEN_FILES = 256
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
NEW_NETWORK = 0x40000000  # CLONE_NEWNET of unshare(2)
NEW_USER = 0x10000000  # CLONE_NEWUSER: lets a plain user have a network space of its own


def limit(cpu_seconds: int) -> None:
    """Limit this process's CPU seconds, memory, file size and open files; no core dumps."""
    for what, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def environment(home: str, hash_seed: int = 0) -> dict[str, str]:
    """Return the whole environment of a program: nothing of ours, one thread, a fixed hash seed."""
    fixed = {"PATH": os.defpath, "HOME": home, "PYTHONHASHSEED": str(hash_seed), "LANG": "C.UTF-8"}
    return fixed | dict.fromkeys(ONE_THREAD, "1")


def without_network() -> bool:
    """Cut this process off from every network; False where the system does not let it."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return any(libc.unshare(flags) == 0 for flags in (NEW_NETWORK, NEW_NETWORK | NEW_USER))
    except (OSError, AttributeError):
        return False
