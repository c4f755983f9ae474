"""Streams of bytes, for ports on which no HTTP is spoken (talk.h): whoever is
behind such a port acts by the same scripts, and so HTTP goes over it all the
same."""
import io
import threading
import time

from .apps import Script, pairs


class Message:
    """The bytes of one message, as far as they came."""

    def __init__(self, data):
        head, found, self.rest = data.partition(b'\r\n\r\n')
        self.whole_head = bool(found)
        self.first, *lines = head.decode('latin-1').split('\r\n')
        self.headers = [[name, value.strip()] for name, _, value
                        in (line.partition(':') for line in lines)]

    def get(self, name):
        return next((v for n, v in self.headers if n.lower() == name), None)

    def is_complete(self, bodyless=False):
        """Without a length it lasts as long as the stream, or has no body."""
        if not self.whole_head:
            return False
        if bodyless or self.get('content-length') is None:
            return bodyless
        return len(self.rest) >= int(self.get('content-length'))


class Said:
    """Bytes that came, to be read as from a socket."""

    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


def is_answer(data, method):
    message = Message(data)
    status = (message.first.split(' ') + [''])[1]
    return message.is_complete(method == 'HEAD' or status in ('204', '304'))


class Server:
    """The application behind a workload's streams."""

    def __init__(self, name, tell, saw):
        self.name, self.tell, self.saw = name, tell, saw
        self.script = Script()
        self.data = {}

    def opened(self, number):
        self.data[number] = b''

    def take(self, number, data):
        self.data[number] += data
        message = Message(self.data[number])
        if not message.is_complete(message.get('content-length') is None):
            self.tell('more', number)
            return
        self.data[number] = b''
        threading.Thread(target=self.answer, args=(number, message),
                         daemon=True).start()

    def answer(self, number, message):
        method, path = (message.first.split(' ') + [''])[:2]
        step = self.script.step()
        self.saw({'by': self.name, 'method': method, 'path': path,
                  'body': message.rest.decode('latin-1'),
                  'headers': message.headers})
        time.sleep(step.get('delay', 0))
        if step.get('reset') or step.get('close'):
            self.tell('end', number)
        else:
            self.tell('give', number, self.text(method, step))

    def text(self, method, step):
        status = step.get('status', 200)
        body = str(step.get('body', self.name + '\n')).encode()
        lines = ['HTTP/1.1 %s X' % status]
        lines += ['%s: %s' % tuple(line)
                  for line in pairs(step.get('headers'))]
        lines.append('x-answered-by: ' + self.name)
        if status not in (204, 304):
            lines.append('content-length: %d' % len(body))
        if status in (204, 304) or method == 'HEAD':
            body = b''
        return '\r\n'.join(lines + ['', '']).encode('latin-1') + body


class Call:
    """A stream that we opened, until its answer is whole."""

    def __init__(self, tell, number, method):
        self.tell, self.number, self.method = tell, number, method
        self.data, self.over = b'', None
        self.ready = threading.Event()

    def take(self, data):
        self.data += data
        if is_answer(self.data, self.method):
            self.tell('end', self.number)
            self.ready.set()
        else:
            self.tell('more', self.number)

    def end(self, said):
        self.over = said
        self.ready.set()
