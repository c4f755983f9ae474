"""A name server that says what it is told, on a port of its own: RFC 1035
over UDP, A and AAAA."""
import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class Said:
    """What a name is answered with."""

    def __init__(self, *addresses, ttl=60, code=NOERROR, silent=False):
        self.addresses = [ipaddress.ip_address(a) for a in addresses]
        self.ttl, self.code, self.silent = ttl, code, silent


def question_of(data):
    """Name, type, and where the question ends."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    kind, = struct.unpack('!H', data[at + 1:at + 3])
    return '.'.join(labels).lower(), kind, at + 5


class NameServer:
    def __init__(self, host='127.0.0.1'):
        self.names, self.asked = {}, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.address = '%s:%d' % self.socket.getsockname()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def say(self, name, *addresses, **options):
        self.names[name] = Said(*addresses, **options)

    def answer(self, data):
        name, kind, end = question_of(data)
        if kind == A:
            self.asked[name] = self.asked.get(name, 0) + 1
        said = self.names.get(name, Said(code=NXDOMAIN))
        if said.silent:
            return None
        size = {A: 4, AAAA: 16}.get(kind)
        found = [a.packed for a in said.addresses if len(a.packed) == size]
        head = data[:2] + struct.pack('!HHHHH', 0x8180 | said.code, 1,
                                      len(found), 0, 0)
        return head + data[12:end] + b''.join(
            struct.pack('!HHHIH', 0xc00c, kind, 1, said.ttl, len(one)) + one
            for one in found)

    def serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            reply = self.answer(data)
            if reply:
                self.socket.sendto(reply, peer)

    def stop(self):
        self.socket.close()
