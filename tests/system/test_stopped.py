"""A server stopped with SIGSTOP, under perTryTimeout and outlierDetection:
deadlines hold, it is ejected, and it comes back after SIGCONT."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import STRICT, Checks, Stage, free_ports, service  # noqa: E402

# A try's time begins when it has a connection, as in Envoy; until then it is
# connectTimeout's, which the handshake counts for. Without retries `lone` shows the bare timeout; `back` is saved by another.
RULES = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: back, namespace: demo}
spec:
  hosts: [back]
  http:
  - timeout: 20s
    retries: {attempts: 3, perTryTimeout: 1500ms, retryOn: gateway-error}
    route: [{destination: {host: back}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lone, namespace: demo}
spec:
  hosts: [lone]
  http:
  - timeout: 1500ms
    retries: {attempts: 0}
    route: [{destination: {host: lone}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: back, namespace: demo}
spec:
  host: back
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    connectionPool: {tcp: {connectTimeout: 1500ms}}
    outlierDetection:
      consecutiveGatewayErrors: 2
      consecutive5xxErrors: 2
      interval: 1s
      baseEjectionTime: 8s
      maxEjectionPercent: 50
"""
EJECTED, ADMITTED = 6, 7
LATE_MS = 8000  # how much later than due a loaded machine may be


def endpoints(answers):
    return {a.get('endpoint') for a in answers}


def events(state, kind):
    return [text for number, text in state.get('events', [])
            if number == kind]


def until(true, seconds=60):
    """Ask until it is so; the last answer."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


class Story:
    def __init__(self, stage, checks):
        self.checks = checks
        self.ports = free_ports(3)
        stage.write(STRICT + service('back', *self.ports[:2]) +
                    service('lone', self.ports[2]) + RULES)
        self.servers = [stage.server('back', port)
                        for port in self.ports[:2]]
        self.lone = stage.server('lone', self.ports[2])
        self.caller = stage.actor('caller', 'ask')
        self.caller.line()
        self.stopped = '127.0.0.1:%d' % self.ports[0]
        self.alive = '127.0.0.1:%d' % self.ports[1]
        self.told = []

    def ask(self, host, count=1):
        return [self.caller.ask('GET http://%s/' % host)
                for _ in range(count)]

    def state(self):
        state = self.caller.ask('state')
        self.told += state.get('events', [])
        return state

    def heard(self, kind):
        self.state()
        return [text for number, text in self.told if number == kind]

    def all_well(self):
        answers = self.ask('back', 20)
        self.checks.that('before: all are answered',
                         all(a.get('status') == 200 for a in answers))
        self.checks.that('before: both answer', endpoints(answers) ==
                         {self.stopped, self.alive}, endpoints(answers))

    def stop(self):
        self.servers[0].stop()
        answers = self.ask('back', 12)
        slowest = max(a.get('ms', 0) for a in answers)
        self.checks.that('stopped: every request is saved by another try',
                         all(a.get('status') == 200 for a in answers),
                         [(a.get('status'), a.get('message'))
                          for a in answers if a.get('status') != 200])
        self.checks.that('stopped: the other one answers', endpoints(answers)
                         == {self.alive}, endpoints(answers))
        self.checks.that('stopped: tries are bounded', slowest < 4 * 1500 +
                         LATE_MS, slowest)
        self.checks.that('stopped: some took a second try',
                         any(a.get('attempts', 0) > 1 for a in answers))
        told = self.heard(EJECTED)
        self.checks.that('stopped: it is ejected, and that is told',
                         told and self.stopped in told[0], told)
        answers = self.ask('back', 3)
        self.checks.that('ejected: it is not even asked',
                         all(a.get('attempts') == 1 for a in answers),
                         answers)

    def bare_timeout(self):
        """On a connection that is there, and on one that is being made."""
        self.ask('lone')
        self.lone.stop()
        for which, said in zip(('old', 'new'), self.ask('lone', 2)):
            self.checks.that('%s connection: 504, as a sidecar says it'
                             % which, said.get('status') == 504 and
                             said.get('body') == 'upstream request timeout',
                             said)
            self.checks.that('%s connection: the code says why' % which,
                             said.get('code') == 'MESH_ERR_TIMEOUT')
            self.checks.that('%s connection: the deadline holds' % which,
                             1400 <= said.get('ms', 0) < 1500 + LATE_MS)
        self.lone.go_on()

    def go_on(self):
        self.servers[0].go_on()
        back = until(lambda: self.stopped in endpoints(self.ask('back', 4)))
        self.checks.that('continued: it is back', back)
        answers = self.ask('back', 20)
        self.checks.that('continued: and all is as before',
                         all(a.get('status') == 200 and
                             a.get('attempts') == 1 for a in answers) and
                         endpoints(answers) == {self.stopped, self.alive},
                         endpoints(answers))
        told = until(lambda: self.heard(ADMITTED), 10)
        self.checks.that('continued: that it is admitted is told',
                         told and self.stopped in told[0], told)


def main():
    checks = Checks()
    with Stage('caller', 'back', 'lone') as stage:
        story = Story(stage, checks)
        story.all_well()
        story.stop()
        story.bare_timeout()
        story.go_on()
        checks.that('the caller ends well', story.caller.end() == 0)
        checks.that('the servers too', [s.end() for s in story.servers] ==
                    [0, 0])
    checks.finish()


main()
