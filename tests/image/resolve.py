"""Whether the static program of an image resolves names by DNS, as one does in a cluster: glibc's resolver is linked in.

usage: resolve.py ROOT [EMULATOR]     ROOT: the files of the image, with longshore in them; EMULATOR: what runs it, in there,
                                      where it is for another processor. Root is needed, and a network namespace in which
                                      nothing has port 53 (`unshare --net`)

A name server on 127.0.0.1 knows one name. The program is to reach the API server under it, which refuses the connection:
whoever is refused has found the address.
"""

import os
import socket
import struct
import subprocess
import sys
import threading

KNOWN, UNKNOWN = "kube.longshore.test", "nowhere.longshore.test"
NAME = b"".join(bytes([len(label)]) + label.encode() for label in KNOWN.split(".")) + b"\0"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: it
contexts: [{name: it, context: {cluster: it, user: nobody}}]
clusters: [{name: it, cluster: {server: "http://NAME:6443"}}]
users: [{name: nobody, user: {}}]
"""


def answer(question):
    """To a question for the address of the known name 127.0.0.1, to another that there is none."""
    name_end = question.index(b"\0", 12) + 1
    name, kind = question[12:name_end], struct.unpack("!H", question[name_end:name_end + 2])[0]
    known = name.lower() == NAME
    has_answer = known and kind == 1
    flags = 0x8580 if known else 0x8583
    header = question[:2] + struct.pack("!HHHHH", flags, 1, int(has_answer), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
    return header + question[12:name_end + 4] + (record if has_answer else b"")


def serve(server):
    while True:
        question, sender = server.recvfrom(512)
        server.sendto(answer(question), sender)


def said(root, emulator, name):
    """What the program says that is to find its API server under a name."""
    with open(os.path.join(root, "etc/kubeconfig"), "w") as file:
        file.write(KUBECONFIG.replace("NAME", name))
    command = ["chroot", "--userspec=65532:65532", root, *emulator, "/usr/local/bin/longshore", "status", "ecssvc/hello"]
    environment = {"PATH": os.environ["PATH"], "KUBECONFIG": "/etc/kubeconfig", "HOME": "/"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.stdout.decode()


def main():
    root, *emulator = sys.argv[1:]
    os.makedirs(os.path.join(root, "etc"), exist_ok=True)
    with open(os.path.join(root, "etc/resolv.conf"), "w") as file:
        file.write("nameserver 127.0.0.1\n")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, args=[server], daemon=True).start()
    found, missing = said(root, emulator, KNOWN), said(root, emulator, UNKNOWN)
    if "refused" not in found.lower():
        sys.exit(f"a name in DNS was not found: {found}")
    if "refused" in missing.lower():
        sys.exit(f"a name that is not in DNS was found: {missing}")
    print(f"found: {found.strip().splitlines()[-1]}")
    print(f"not in DNS: {missing.strip().splitlines()[-1]}")


main()
