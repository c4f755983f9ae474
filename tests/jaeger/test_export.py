"""The span encoder and libmesh-fetch.so against a real Jaeger: the four spans
of a request over two hops come back as one tree with Envoy's tags."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from jaeger import BUILD, Checks, Jaeger, chain, tags  # noqa: E402

LINE = [  # from the root down: service, name, kind, status
    ('front', 'api-gateway:80/*', 'client', '200'),
    ('api-gateway', 'api-gateway:80/*', 'server', '200'),
    ('api-gateway', 'payment-service:80/*', 'client', '503'),
    ('payment-service', 'payment-service:80/*', 'server', '503'),
]


def told(trace, span):
    mine = tags(span)
    return (trace['processes'][span['processID']]['serviceName'],
            span['operationName'], mine.get('span.kind'),
            mine.get('http.status_code'))


def main():
    checks = Checks()
    program = os.path.join(BUILD, 'tests/interop/outside')
    with Jaeger() as jaeger:
        done = subprocess.run([program, 'spans', jaeger.endpoint], timeout=60,
                              stdout=subprocess.PIPE, text=True)
        checks.that('the spans were sent', done.returncode == 0, done)
        trace = jaeger.trace(done.stdout.strip(), len(LINE))
    checks.that('Jaeger has the trace', trace is not None)
    if not trace:
        checks.finish()
    line = chain(trace)
    checks.that('it is one line of spans', line is not None, trace)
    found = [told(trace, span) for span in line or []]
    checks.that('each is who it is', found == LINE, found)
    for span in line or []:
        mine = tags(span)
        failed = mine['http.status_code'] == '503'
        checks.that('the error is a failure\'s', ('error' in mine) == failed,
                    mine)
        checks.that('no byte spoils the batch',
                    mine['user_agent'] == '? outside', mine)
        checks.that('the proxy is the component',
                    mine['component'] == 'proxy', mine)
        checks.that('the namespace is told',
                    mine['istio.namespace'] == 'production', mine)
        checks.that('two milliseconds', span['duration'] == 2000, span)
    checks.finish()


main()
