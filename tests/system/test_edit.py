"""The policy edited by sed while everything runs: each edit changes the
outcomes accordingly; a broken one changes nothing, and is told."""
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import (ENTRY, SERVICE, STRICT, Checks, Stage,  # noqa: E402
                   free_ports, service)

RULES = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: demo}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: v1}
      weight: 90
    - destination: {host: shop, subset: v2}
      weight: 10
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: demo}
spec:
  host: shop
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pay, namespace: demo}
spec:
  selector: {matchLabels: {app: pay}}
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/demo/sa/caller]}}]
    to: [{operation: {methods: [GET], paths: [/charge]}}]
"""
LOADED, REFUSED = 1, 2
REQUESTS = 400


def plaintext(port):
    """What a client without TLS reads until the end."""
    said = b''
    with socket.create_connection(('127.0.0.1', port), 30) as sock:
        sock.settimeout(60)
        try:
            sock.sendall(b'GET / HTTP/1.1\r\nhost: shop\r\n'
                         b'connection: close\r\n\r\n')
            while True:
                data = sock.recv(4096)
                if not data:
                    break
                said += data
        except ConnectionError:
            pass
    return said


class Story:
    def __init__(self, stage, checks):
        self.stage, self.checks = stage, checks
        self.ports = free_ports(3)
        stage.write(STRICT, 'mtls.yaml')
        stage.write(SERVICE % {'name': 'shop'} + ''.join(
            ENTRY % {'name': 'shop', 'index': i, 'port': self.ports[i],
                     'more': ', version: v%d' % (i + 1)}
            for i in range(2)) + service('pay', self.ports[2]) + RULES)
        self.servers = [stage.server('shop', port)
                        for port in self.ports[:2]]
        self.servers.append(stage.server('pay', self.ports[2]))
        self.caller = stage.actor('caller', 'ask')
        self.caller.line()
        self.everyone = self.servers + [self.caller]

    def edit(self, program, name='all.yaml', kind=LOADED):
        """One sed, then everybody has said what they think of it."""
        for process in self.everyone:
            process.ask('state')  # what was said before
        subprocess.run(['sed', '-i', program,
                        self.stage.at('policy/' + name)], check=True)
        told = []
        for process in self.everyone:
            told.append(self.told(process, kind))
        self.checks.that('sed "%s": all four tell' % program, all(told), told)
        return told

    @staticmethod
    def told(process, kind):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for number, text in process.ask('state').get('events', []):
                if number == kind:
                    return text
            time.sleep(0.05)
        return ''

    def share_of_v2(self):
        answers = [self.caller.ask('GET http://shop/')
                   for _ in range(REQUESTS)]
        self.checks.that('all are answered', all(
            a.get('status') == 200 for a in answers))
        return sum(a.get('subset') == 'v2' for a in answers)

    def pay(self, path, status, body=None):
        said = self.caller.ask('GET http://pay' + path)
        self.checks.that('%s is %d' % (path, status),
                         said.get('status') == status and
                         body in (None, said.get('body')), said)

    def paid_at(self, path):
        for each in ('/charge', '/refund'):
            if each == path:
                self.pay(each, 200)
            else:
                self.pay(each, 403, 'RBAC: access denied')

    def weights(self):
        share = self.share_of_v2()
        self.checks.that('90 to 10', 10 <= share <= 80, share)
        self.edit('s/weight: 90/weight: 50/; s/weight: 10/weight: 50/')
        share = self.share_of_v2()
        self.checks.that('50 to 50', 140 <= share <= 260, share)

    def path(self):
        self.paid_at('/charge')
        self.edit('s|/charge|/refund|')
        self.paid_at('/refund')

    def principal(self):
        self.edit('s|sa/caller|sa/somebody|')
        self.pay('/refund', 403, 'RBAC: access denied')
        self.edit('s|sa/somebody|sa/caller|')
        self.paid_at('/refund')

    def mode(self):
        said = plaintext(self.ports[0])
        self.checks.that('STRICT: a plaintext client is closed without a '
                         'byte', said == b'', said)
        self.edit('s/STRICT/PERMISSIVE/', 'mtls.yaml')
        said = plaintext(self.ports[0])
        self.checks.that('PERMISSIVE: it is served',
                         said.startswith(b'HTTP/1.1 200 '), said[:80])
        self.checks.that('PERMISSIVE: and mutual TLS too', self.caller.ask(
            'GET http://shop/').get('status') == 200)
        said = plaintext(self.ports[2])
        self.checks.that('PERMISSIVE: where a principal is asked for, '
                         'nobody is not', said.startswith(b'HTTP/1.1 403 '),
                         said[:80])
        self.edit('s/PERMISSIVE/STRICT/', 'mtls.yaml')
        said = plaintext(self.ports[0])
        self.checks.that('STRICT again: not a byte', said == b'', said)

    def generations(self):
        return [p.ask('state').get('generation') for p in self.everyone]

    def broken(self, program, undo, words):
        before = self.generations()
        told = self.edit(program, kind=REFUSED)
        self.checks.that('it is told where and what', all(
            word in text for text in told for word in words), told)
        self.checks.that('the policy in force stays',
                         self.generations() == before, before)
        share = self.share_of_v2()
        self.checks.that('still 50 to 50', 140 <= share <= 260, share)
        self.paid_at('/refund')
        self.edit(undo)
        self.checks.that('repaired, it is in force',
                         self.generations() == [g + 1 for g in before])
        self.paid_at('/refund')


def main():
    checks = Checks()
    with Stage('caller', 'shop', 'pay') as stage:
        story = Story(stage, checks)
        story.weights()
        story.path()
        story.principal()
        story.mode()
        story.broken('s/weight: 50/weight: fifty/', 's/fifty/50/',
                     ('all.yaml:', 'weight'))
        story.broken('s/action: ALLOW/action: ALOW/', 's/ALOW/ALLOW/',
                     ('all.yaml:', 'ALOW'))
        story.broken('s/^  hosts: .shop./  hosts: [shop/',
                     's/hosts: .shop/hosts: [shop]/', ('all.yaml:',))
        ends = [process.end() for process in story.everyone]
        checks.that('all end well', ends == [0] * 4, ends)
    checks.finish()


main()
