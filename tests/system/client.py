"""libmesh from Python, no callback: client.py LIBRARY URL. 16 threads of
requests, one call cancelled from another thread, errors read back."""
import sys
import threading
from ctypes import CDLL, byref, c_char_p, c_int64, c_void_p as handle

mesh, url = CDLL(sys.argv[1]), sys.argv[2].encode()
for name in ('error_message', 'error_name', 'response_body'):
    getattr(mesh, 'mesh_' + name).restype = c_char_p
mesh.mesh_error_new.restype = handle
workload, error = handle(), handle(mesh.mesh_error_new())
if mesh.mesh_workload_new(None, byref(workload), error):
    sys.exit(mesh.mesh_error_message(error).decode())


def request(path):
    made = handle()
    mesh.mesh_request_new(b'GET', url + path, byref(made), None)
    return made


def ask(path, why):
    asked, got = request(path), handle()
    code = mesh.mesh_send(workload, asked, byref(got), why)
    said = mesh.mesh_response_status(got), mesh.mesh_response_body(got, None)
    mesh.mesh_response_free(got)
    mesh.mesh_request_free(asked)
    return (mesh.mesh_error_name(code).decode(), *said)


def crowd():
    why = handle(mesh.mesh_error_new())
    answers.extend(ask(b'', why) for _ in range(50))
    mesh.mesh_error_free(why)


answers = []
threads = [threading.Thread(target=crowd) for _ in range(16)]
[each.start() for each in threads] + [each.join() for each in threads]
print(len(answers), sorted(set(answers)))
asked, call = request(b'slow?30000'), handle()
mesh.mesh_call_new(workload, None, asked, byref(call), error)
mesh.mesh_call_start(call, error)
threading.Timer(0.5, mesh.mesh_call_cancel, [call]).start()
said = mesh.mesh_call_wait(call, c_int64(-1), error)
print(said, mesh.mesh_error_name(mesh.mesh_call_code(call)).decode())
mesh.mesh_call_free(call)
mesh.mesh_request_free(asked)
url = b'http://nowhere/'
print(ask(b'', error)[0], mesh.mesh_error_message(error).decode())
mesh.mesh_workload_free(workload)
