"""Runs scripts in processes that share one import of the libraries, which takes most of the time of a small job.

`interpreter()` is a program that takes the place of `python`: it hands its arguments, folder, environment and files to
a server, which has imported numpy, torch and the like, and runs the script in a fork of itself. The workflow's own
library is imported by each fork, from where its script lies.
"""

import atexit
import contextlib
import gc
import importlib
import json
import logging
import multiprocessing.util
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from functools import cache
from pathlib import Path

PRELOADED = [
    *("numpy", "pandas", "pyarrow.parquet", "scipy.stats", "torch", "safetensors.torch", "sklearn.neighbors"),
    *("sklearn.datasets", "PIL.Image", "matplotlib.figure", "matplotlib.backends.backend_agg"),
    *("matplotlib.backends.backend_pdf", "pydantic", "torch.nn.functional", "torch.func", "multiprocessing.pool"),
    *("torch._dynamo", "pyarrow.csv", "pyarrow.dataset"),  # which optimizers and tables import when first used
    "torchvision.models",
]
CLIENT = """#!{python} -ISE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"f"], [0, 1, 2])
    server.sendall(json.dumps([os.getcwd(), sys.argv[1:], dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    status = int(server.recv(9))
if status < 0:  # of a script that a signal has ended
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


@cache
def interpreter() -> str:
    """Path of the program; its server is started by the first call and ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="python-"))
    address = str(folder / "socket")
    server = subprocess.Popen([sys.executable, "-m", __name__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server.stdout.readline()  # it listens
    atexit.register(_stop, server, folder)
    program = folder / "python"
    program.write_text(CLIENT.format(python=sys.executable, address=address))
    program.chmod(0o755)
    return str(program)


def _stop(server: subprocess.Popen, folder: Path) -> None:
    server.stdin.close()
    server.wait()
    for name in ("socket", "python"):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()


def serve(address: str) -> None:
    """Forks for each client, until the standard input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    _forget_ends()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        ended, wakes = socket.socketpair()
        wakes.setblocking(False)
        signal.set_wakeup_fd(wakes.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        clients = {}  # by the process of their script
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin, ended], [], [])
            if ended in ready:
                ended.recv(1 << 12)
                _answer(clients)
            if listener in ready:
                client, _ = listener.accept()
                if (process := os.fork()) == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    listener.close()
                    _run_for(client)
                clients[process] = client
            elif sys.stdin in ready:
                return


def _forget_ends() -> None:
    """Scripts do at their end what they have asked for themselves: what libraries want takes 60 ms, for nothing."""
    atexit._clear()
    weakref.finalize._registry.clear()
    for end in (logging.shutdown, weakref.finalize._exitfunc, multiprocessing.util._exit_function):
        atexit.register(end)


def _answer(clients: dict[int, socket.socket]) -> None:
    """Tells the clients whose scripts have ended their exit status, negative for a signal."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            with clients.pop(found[0]) as client, contextlib.suppress(OSError):  # it may have ended as well
                client.sendall(str(os.waitstatus_to_exitcode(found[1])).encode())


def _run_for(client: socket.socket) -> None:
    """Runs what a client asks for, and ends this process."""
    code = 1
    try:
        _, files, _, _ = socket.recv_fds(client, 1, 3)
        folder, arguments, environment = json.loads(b"".join(iter(lambda: client.recv(1 << 16), b"")))
        client.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).parent)
        runpy.run_path(arguments[0], run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
