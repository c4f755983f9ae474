"""Streams of bytes, for ports on which no HTTP is spoken (talk.h): whoever is
behind such a port acts by the same scripts, and so HTTP goes over it all the
same."""
import io
import threading
import time

from .apps import Message, Script, answer


class Said:
    """Bytes that came, to be read as from a socket."""

    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


def is_answer(data, method):
    message = Message(data)
    status = (message.first.split(' ') + [''])[1]
    if method == 'HEAD' or status in ('204', '304'):
        return message.has_head
    return message.body(otherwise=None) is not None


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
        body = message.body()
        if body is None:
            self.tell('more', number)
            return
        self.data[number] = b''
        threading.Thread(target=self.act, args=(number, message, body),
                         daemon=True).start()

    def act(self, number, message, body):
        method, path = (message.first.split(' ') + [''])[:2]
        step = self.script.step()
        self.saw({'by': self.name, 'method': method, 'path': path,
                  'body': body.decode('latin-1'),
                  'headers': message.headers})
        time.sleep(step.get('delay', 0))
        if step.get('reset') or step.get('close'):
            self.tell('end', number)
        else:
            self.tell('give', number, b''.join(answer(self.name, method,
                                                      step)))


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
