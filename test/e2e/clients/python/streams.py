"""Streams into the pod `p` of the cloud of $KUBECONFIG, through the Kubernetes project's client for Python.

Prints "ok NAME" or "FAIL NAME -- why" for each check.
"""

import os

from kubernetes import client, config
from kubernetes.stream import portforward, stream

POD = ("p", "default")
PORT = 20178


def logs(core):
    assert core.read_namespaced_pod_log(*POD) == "begun\n"
    follow = core.read_namespaced_pod_log(*POD, follow=True, _preload_content=False)
    assert follow.readline() == b"begun\n"
    follow.close()


def outputs(core):
    command = ["sh", "-c", "echo out; sleep 0.1; echo err >&2"]
    text = stream(
        core.connect_get_namespaced_pod_exec,
        *POD,
        command=command,
        stderr=True,
        stdin=False,
        stdout=True,
        tty=False,
    )
    assert text == "out\nerr\n", text


def typed(core):
    shell = stream(
        core.connect_get_namespaced_pod_exec,
        *POD,
        command=["sh"],
        stderr=True,
        stdin=True,
        stdout=True,
        tty=False,
        _preload_content=False,
    )
    shell.write_stdin("echo typed; exit 5\n")
    shell.run_forever(timeout=30)
    assert (shell.read_stdout(), shell.returncode) == ("typed\n", 5), shell.returncode


def ports(core):
    forward = portforward(core.connect_get_namespaced_pod_portforward, *POD, ports=str(PORT))
    connection = forward.socket(PORT)
    connection.setblocking(True)
    connection.sendall(b"GET /page HTTP/1.0\r\n\r\n")
    text = b""
    while chunk := connection.recv(1024):
        text += chunk
    assert text.endswith(b"\r\n\r\npage\n"), text
    assert forward.error(PORT) is None, forward.error(PORT)


def main():
    config.load_kube_config(os.environ["KUBECONFIG"])
    core = client.CoreV1Api()
    for name, body in [
        ("logs are read and followed", logs),
        ("exec gives both outputs", outputs),
        ("exec takes input and gives the exit code", typed),
        ("ports are forwarded", ports),
    ]:
        try:
            body(core)
            print(f"ok {name}", flush=True)
        except Exception as error:  # Whatever it is, it is told.
            why = f"{type(error).__name__}: {error}".replace("\n", " | ")
            print(f"FAIL {name} -- {why}", flush=True)


main()
