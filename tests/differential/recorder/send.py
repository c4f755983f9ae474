"""Sends the requests of a case through the sidecars: as plain HTTP/1.1, on a
new connection each."""
import socket

from player import send
from .sidecars import CAPTURE_PORT

# What is dialled where a case does not say: nobody has it.
ELSEWHERE = '127.0.250.1'


class Sender(send.Sender):
    def through(self, request, case_id):
        return self.directly(request, case_id)

    as_stream = through  # to a sidecar, bytes are bytes

    def connect(self, request):
        """Where the way is not `direct`, a line of the PROXY protocol tells
        what iptables would: from where to where this connection is."""
        if 'direct' in request:
            return super().connect(request)
        source = self.mesh.get(request.get('from', self.case.source))
        host, _, port = request.get('to', '').partition(':')
        stream = socket.create_connection((source.address, CAPTURE_PORT), 5)
        stream.sendall(b'PROXY TCP4 %s %s 40000 %d\r\n' % (
            source.address.encode(), (host or ELSEWHERE).encode(),
            int(port or request.get('port', 80))))
        return stream
