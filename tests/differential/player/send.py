"""Sends the requests of a case: through libmesh, or (`direct`) by plain
sockets to a workload's own port."""
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import threading
import time

from .apps import pairs
from .processes import pair, word
from .streams import Said
from .topology import CaseError

FIELDS = {'name', 'from', 'direct', 'tls', 'alpn', 'to', 'port', 'method',
          'authority', 'path', 'version', 'headers', 'body', 'times',
          'parallel', 'wait', 'apps', 'count', 'timed', 'bearer',
          'token_header', 'show', 'stagger', 'raw', 'raw_bytes', 'give_up',
          'stream'}
GIVE_UP_S = 30

# Of 300 draws every fiftieth sample is 7 points off; of so many, none.
SHARE_DRAWS = 1200
CLOSED = 'closed without an answer'  # by a reset or in order: it is a race


# --- tokens ---

def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + '=='), 'big')


def sign(claims, here):
    """RS256 (RFC 7518 section 3.3) with the test key beside the cases; exp,
    nbf and iat count from now. A string is the token itself."""
    if isinstance(claims, str):
        return claims
    with open(os.path.join(here, 'keys', 'jwt-test.jwk.json')) as file:
        key = json.load(file)
    claims = dict(claims)
    head = {'alg': 'RS256', 'kid': claims.pop('kid', key['kid']),
            'typ': 'JWT'}
    for name in {'exp', 'nbf', 'iat'} & set(claims):
        claims[name] += int(time.time())
    signed = '.'.join(base64url(json.dumps(part).encode())
                      for part in (head, claims))
    modulus = number(key['n'])
    size = (modulus.bit_length() + 7) // 8
    digest = bytes.fromhex('3031300d060960864801650304020105000420') + \
        hashlib.sha256(signed.encode()).digest()
    padded = b'\0\1' + b'\xff' * (size - len(digest) - 3) + b'\0' + digest
    signature = pow(int.from_bytes(padded, 'big'), number(key['d']), modulus)
    return signed + '.' + base64url(signature.to_bytes(size, 'big'))


class Sender:
    def __init__(self, mesh, case):
        self.mesh, self.case = mesh, case

    def send(self, index, request):
        """One entry of the case's list: its results, in order."""
        unknown = set(request) - FIELDS
        if unknown:
            raise CaseError('request %d: unknown fields %s'
                            % (index, sorted(unknown)))
        time.sleep(request.get('wait', 0))
        self.mesh.behave(request.get('apps'))
        times = request.get('times', 1)
        if request.get('count') == 'share':
            times = max(times, SHARE_DRAWS)
        results = [None] * times
        todo = iter(range(times))
        lock = threading.Lock()

        def work():
            while True:
                with lock:
                    i = next(todo, None)
                if i is None:
                    return
                results[i] = self.once(request, '%d.%d' % (index, i))

        threads = [threading.Thread(target=work)
                   for _ in range(request.get('parallel', 1))]
        for thread in threads:
            thread.start()
            time.sleep(request.get('stagger', 0))
        for thread in threads:
            thread.join()
        time.sleep(0.005)  # times in logs are in milliseconds
        if None in results:
            raise CaseError('request %d was not sent' % index)
        return results

    def once(self, request, case_id):
        start = time.time()
        try:
            if 'direct' in request:
                result = self.directly(request, case_id)
            elif self.case.is_stream(request):
                result = self.as_stream(request, case_id)
            else:
                result = self.through(request, case_id)
        except CaseError as error:
            result = {'unplayable': str(error)}
        result.update(id=case_id, request=request, start=start,
                      elapsed=time.time() - start)
        return result

    def headers(self, request, case_id):
        lines = pairs(request.get('headers'))
        if 'bearer' in request:
            line = request.get('token_header', 'authorization: Bearer ') + \
                sign(request['bearer'], self.case.here)
            name, _, value = line.partition(':')
            lines.append([name, value.strip()])
        return lines + [['x-case', case_id]]

    # --- through libmesh ---

    def url(self, request):
        """The URL, and the authority where that is another."""
        for field in ('raw', 'raw_bytes', 'version'):
            if field in request:
                raise CaseError('"%s" cannot be done through libmesh' % field)
        authority = str(request.get('authority', ''))
        path = str(request.get('path', '/'))
        if not authority or not path.startswith('/'):
            raise CaseError('libmesh sends no request without a host or a '
                            'path that begins with /')
        dialled = request.get('to', '').rpartition(':')[2]
        port = request.get('port', int(dialled or 80))
        host, colon, text = authority.partition(':')
        if port == 80 and not colon:
            return 'http://%s%s' % (authority, path), None
        return 'http://%s:%d%s' % (host, port, path), authority

    def through(self, request, case_id):
        url, authority = self.url(request)
        words = [word(request.get('method', 'GET')), word(url)]
        words += [pair('header', 'host:' + authority)] if authority else []
        words += [pair('address', request['to'])] if 'to' in request else []
        words += [pair('header', '%s:%s' % tuple(line))
                  for line in self.headers(request, case_id)]
        if str(request.get('body', '')):
            words.append(pair('body', str(request['body']).encode()))
        said = self.mesh.get(request.get('from', self.case.source)).send(
            case_id, words, request.get('give_up', GIVE_UP_S))
        if said.get('gave_up') == '1':
            return {'error': 'no answer in time'}
        if 'status' not in said:
            return {'error': '%s: %s' % (said['code'], said.get('message') or
                                         said.get('why', ''))}
        result = {key: said[key] for key in
                  ('headers', 'body', 'flags', 'details', 'destination')}
        result['status'] = int(said['status'])
        result['attempts'] = int(said['attempts'])
        if said['broken'] == '1':
            result['error'] = 'answer broken off'
        return result

    # --- as bytes through libmesh ---

    def as_stream(self, request, case_id):
        method = request.get('method', 'GET')
        call = self.mesh.get(request.get('from', self.case.source)).stream(
            case_id, request.get('stream') or request['to'],
            self.text(request, case_id), method,
            request.get('give_up', GIVE_UP_S))
        if call.data or not call.over:
            return receive(Said(call.data), request)
        if call.over['code'] == 'MESH_ERR_TIMEOUT':
            return {'error': 'no answer in time'}
        return {'error': CLOSED}

    # --- by plain sockets ---

    def directly(self, request, case_id):
        try:
            with self.connect(request) as stream:
                stream.settimeout(request.get('give_up', GIVE_UP_S))
                stream.sendall(self.text(request, case_id))
                return receive(stream, request)
        except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
            return {'error': CLOSED}
        except ssl.SSLError as error:
            return {'error': 'TLS: %s' % (error.reason
                                          or type(error).__name__)}
        except socket.timeout:
            return {'error': 'no answer in time'}
        except OSError as error:
            return {'error': type(error).__name__}

    def connect(self, request):
        target = self.mesh.get(request['direct'])
        port = request.get('port', (target.ports or [0])[0])
        stream = socket.create_connection((target.address, port), 5)
        return self.wrap(stream, request) if 'tls' in request else stream

    def wrap(self, stream, request):
        """TLS with the certificate of the workload that `tls` names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if request['tls']:
            home = self.mesh.get(request['tls']).certificates
            context.load_cert_chain(os.path.join(home, 'cert-chain.pem'),
                                    os.path.join(home, 'key.pem'))
        if request.get('alpn'):
            context.set_alpn_protocols(request['alpn'])
        return context.wrap_socket(stream)

    def text(self, request, case_id):
        for field, change in (('raw', '\r\n'), ('raw_bytes', '\n')):
            if field in request:
                return request[field].replace('\n', change).replace(
                    '{id}', case_id).encode('latin-1')
        body = str(request.get('body', '')).encode()
        lines = ['%s %s %s' % (request.get('method', 'GET'),
                               request.get('path', '/'),
                               request.get('version', 'HTTP/1.1'))]
        if 'authority' in request:
            lines.append('host: %s' % request['authority'])
        lines += ['%s: %s' % tuple(line)
                  for line in self.headers(request, case_id)]
        if body:
            lines.append('content-length: %d' % len(body))
        return '\r\n'.join(lines + ['', '']).encode('latin-1') + body


def receive(stream, request):
    response = http.client.HTTPResponse(stream,
                                        method=request.get('method', 'GET'))
    try:
        response.begin()
    except (http.client.HTTPException, EOFError):
        return {'error': CLOSED}
    result = {'status': response.status, 'attempts': 0,
              'headers': [[k, v] for k, v in response.getheaders()]}
    try:
        result['body'] = response.read().decode('latin-1')
    except http.client.IncompleteRead as error:
        result['body'] = error.partial.decode('latin-1')
        result['error'] = 'answer broken off'
    except OSError:
        result.update(body='', error='answer broken off')
    return result
