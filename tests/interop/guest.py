"""libmesh in this process, through ctypes: for what lmesh has no option."""
import ctypes
import os
import sys
import threading

from strangers import BUILD

LIMITS = {'handshake_ms': 1, 'first_bytes_ms': 2, 'head_ms': 3,
          'body_idle_ms': 4, 'keep_alive_ms': 5, 'drain_ms': 6}
TIMEOUT, CLOSED, FILES = -301, -307, -904


def library():
    path = os.path.join(BUILD, '.libs', 'libmesh.so')
    if not os.path.exists(path):
        print('there is no shared libmesh')
        sys.exit(77)
    lib = ctypes.CDLL(path)
    for name in ('mesh_config_new', 'mesh_error_new'):
        getattr(lib, name).restype = ctypes.c_void_p
    for name in ('mesh_error_message', 'mesh_server_address'):
        getattr(lib, name).restype = ctypes.c_char_p
    return lib


class Failed(Exception):
    def __init__(self, code, message):
        super().__init__('%d: %s' % (code, message))
        self.code, self.message = code, message


class Guest:
    """A workload of this process."""

    def __init__(self, policy, identity, labels='', **limits):
        self.lib = library()
        self.threads = []
        self.servers = []
        config = ctypes.c_void_p(self.lib.mesh_config_new())
        self.lib.mesh_config_set_policy(config, policy.encode())
        self.lib.mesh_config_set_identity(config, identity.encode())
        self.lib.mesh_config_set_labels(config, labels.encode())
        self.lib.mesh_config_set_helper(config, 1)
        for name, value in limits.items():
            self.lib.mesh_config_set_limit(config, LIMITS[name],
                                           ctypes.c_int64(value))
        self.workload = ctypes.c_void_p()
        try:
            self.do('mesh_workload_new', config, ctypes.byref(self.workload))
        finally:
            self.lib.mesh_config_free(config)

    def do(self, name, *arguments):
        """A call that may fail: its error's code and message are raised."""
        error = ctypes.c_void_p(self.lib.mesh_error_new())
        code = getattr(self.lib, name)(*arguments, error)
        message = self.lib.mesh_error_message(error).decode()
        self.lib.mesh_error_free(error)
        if code < 0:
            raise Failed(code, message)

    def events(self):
        """What happened by itself since the last question."""
        line = ctypes.create_string_buffer(1024)
        found = []
        while self.lib.mesh_workload_next_event(
                self.workload, line, ctypes.c_size_t(len(line))) > 0:
            found.append(line.value.decode())
        return '\n'.join(found)

    def serve(self, body=b'hello', at=b'127.0.0.1:0'):
        """Answers every request with its body read; the address."""
        server = ctypes.c_void_p()
        self.do('mesh_server_new', self.workload, None, at, 0,
                ctypes.byref(server))
        self.servers.append(server)
        for _ in range(8):
            thread = threading.Thread(target=self.answer,
                                      args=(server, body), daemon=True)
            thread.start()
            self.threads.append(thread)
        return self.lib.mesh_server_address(server).decode()

    def answer(self, server, body):
        piece = ctypes.create_string_buffer(65536)
        while True:
            exchange = ctypes.c_void_p()
            try:
                self.do('mesh_server_next', server, ctypes.c_int64(-1),
                        ctypes.byref(exchange))
            except Failed as failed:
                if failed.code == TIMEOUT:
                    continue
                return
            try:
                got = ctypes.c_size_t(1)
                while got.value:
                    self.do('mesh_exchange_read', exchange, piece,
                            ctypes.c_size_t(len(piece)), ctypes.c_int64(-1),
                            ctypes.byref(got))
                self.do('mesh_exchange_respond', exchange, 200, body,
                        ctypes.c_size_t(len(body)))
            except Failed:
                pass
            self.lib.mesh_exchange_free(exchange)

    def get(self, url, deadline_ms=10000):
        """A status; what went wrong is raised."""
        request, response = ctypes.c_void_p(), ctypes.c_void_p()
        self.do('mesh_request_new', b'GET', url.encode(),
                ctypes.byref(request))
        try:
            self.do('mesh_request_set_deadline_ms', request,
                    ctypes.c_int64(deadline_ms))
            self.do('mesh_send', self.workload, request,
                    ctypes.byref(response))
            return self.lib.mesh_response_status(response)
        finally:
            self.lib.mesh_response_free(response)
            self.lib.mesh_request_free(request)

    def stop(self):
        for server in self.servers:
            self.lib.mesh_server_close(server)
        for thread in self.threads:
            thread.join(30)
        for server in self.servers:
            self.lib.mesh_server_free(server)
        self.lib.mesh_workload_close(self.workload, ctypes.c_int64(2000),
                                     None)
        self.lib.mesh_workload_free(self.workload)
