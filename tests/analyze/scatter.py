"""scatter.py - small policy directories of few words, by seed.

Names, hosts, labels and namespaces come from short lists, so that resources
meet, miss and contradict each other often. Every document is valid for Istio.
"""
import random

SPACES = ['shop', 'bank', 'istio-system']
NAMES = ['cart', 'pay', 'web']
OUTSIDE = ['api.example.com', '*.example.com', 'db.example.org']
APPS = [{'app': 'cart'}, {'app': 'pay'}, {'app': 'pay', 'version': 'v1'},
        {'app': 'pay', 'version': 'v2'}, {'istio': 'ingressgateway'}]
SELECTORS = APPS + [{'app': 'nobody'}, {'version': 'v1'}]
# Of Gateways, no two of which cover one workload unless they are equal: where
# they do, Istio takes hosts of one that it has looked at for those of another,
# and what it finds hangs on the order of its walk (IST0145).
EDGES = [{'istio': 'ingressgateway'}, {'app': 'cart'}, {'app': 'nobody'},
         {'app': 'pay', 'istio': 'ingressgateway'}]
PORTS = [80, 443, 9000]
# One set for each host: of several entries Istio asks any one for its ports.
OUTSIDE_PORTS = {'api.example.com': [80], '*.example.com': [80, 443],
                 'db.example.org': [443, 9000]}


class Maker:
    """One directory."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.documents = []
        self.taken = set()

    def pick(self, items):
        return self.dice.choice(items)

    def chance(self, of_ten):
        return self.dice.randrange(10) < of_ten

    def head(self, api, kind, namespace=None):
        """The envelope, or None when the name is taken."""
        space = namespace or self.pick(SPACES)
        name = '%s-%d' % (self.pick(NAMES), self.dice.randrange(3))
        if (kind, space, name) in self.taken:
            return None
        self.taken.add((kind, space, name))
        return {'apiVersion': api, 'kind': kind,
                'metadata': {'name': name, 'namespace': space}}

    def host(self):
        name = self.pick(NAMES)
        return self.pick([name, '%s.%s.svc.cluster.local'
                          % (name, self.pick(SPACES)), self.pick(OUTSIDE)])

    def known_host(self):
        while True:
            host = self.host()
            if not host.startswith('*'):
                return host

    def export(self, spec):
        if self.chance(4):
            spec['exportTo'] = [self.pick(['.', '*'] + SPACES)]

    def add(self, head, spec):
        if head:
            head['spec'] = spec
            self.documents.append(head)

    # --- services and workloads ---

    def service(self):
        head = self.head('v1', 'Service')
        if not head:
            return
        head['metadata']['name'] = name = self.pick(NAMES)
        key = ('Service', head['metadata']['namespace'], name)
        if key in self.taken:
            return
        self.taken.add(key)
        if self.chance(2):
            head['metadata']['annotations'] = {
                'networking.istio.io/exportTo': self.pick(SPACES + ['.', '*'])}
        elif self.chance(2):
            head['metadata']['annotations'] = {self.pick([
                'sidecar.istio.io/inject', 'made.istio.io/up',
                'alpha.istio.io/canonical-serviceaccounts']): 'true'}
        ports = self.dice.sample(PORTS, self.dice.randint(1, 2))
        self.add(head, {'selector': self.pick(SELECTORS), 'ports': [
            {'name': self.pick(['http', 'tcp', 'web', 'grpc']) + '-%d' % p,
             'port': p, 'protocol': 'TCP'} for p in ports]})

    def service_entry(self):
        head = self.head('networking.istio.io/v1', 'ServiceEntry')
        spec = {'hosts': [self.pick(OUTSIDE)], 'resolution': 'NONE',
                'location': 'MESH_EXTERNAL'}
        spec['ports'] = [
            {'number': p, 'name': 'p-%d' % p,
             'protocol': self.pick(['HTTP', 'TCP', 'TLS'])}
            for p in OUTSIDE_PORTS[spec['hosts'][0]]]
        if self.chance(3):
            spec['addresses'] = ['10.1.2.3']
        self.export(spec)
        self.add(head, spec)

    def workload_entry(self):
        head = self.head('networking.istio.io/v1', 'WorkloadEntry')
        self.add(head, {'address': '10.0.0.%d' % self.dice.randint(1, 200),
                        'labels': self.pick(APPS)})

    def pod(self):
        head = self.head('v1', 'Pod')
        if not head:
            return
        head['metadata']['labels'] = dict(self.pick(APPS))
        if self.chance(2):
            head['metadata']['labels'][
                'gateway.networking.k8s.io/gateway-name'] = 'web'
        if self.chance(2):
            head['metadata']['labels']['sidecar.istio.io/inject'] = self.pick(
                ['true', 'false'])
        if self.chance(1):
            head['metadata']['annotations'] = {
                'ambient.istio.io/redirection': 'enabled'}
        containers = [{'name': 'app', 'image': 'app'}]
        if self.chance(5):
            containers.append({'name': 'istio-proxy', 'image': 'proxy'})
        self.add(head, {'containers': containers})

    def namespace(self):
        name = self.pick(SPACES)
        if ('Namespace', name) in self.taken:
            return
        self.taken.add(('Namespace', name))
        head = {'apiVersion': 'v1', 'kind': 'Namespace',
                'metadata': {'name': name}}
        if self.chance(5):
            head['metadata']['labels'] = self.pick([
                {'istio-injection': 'enabled'},
                {'istio.io/dataplane-mode': 'ambient'}])
        self.documents.append(head)

    # --- routes ---

    def text_match(self, texts):
        return {self.pick(['exact', 'prefix']): self.pick(texts)}

    def http_match(self, claims):
        match = {}
        if self.chance(8):
            match['uri'] = self.text_match(['/', '/a', '/a/b', '/b'])
        if self.chance(3):
            match['method'] = {'exact': self.pick(['GET', 'POST'])}
        if self.chance(3):
            match['headers'] = {self.pick(['x-a', 'x-b']):
                                self.text_match(['1', '12'])}
        if claims and self.chance(3):
            match['headers'] = {'@request.auth.claims.group':
                                {'exact': 'staff'}}
        if self.chance(2):
            match['port'] = self.pick(PORTS)
        if self.chance(2):
            match['name'] = self.pick(NAMES)
        if not set(match) - {'name'}:
            match['port'] = 80
        return match

    def destination(self):
        destination = {'host': self.known_host()}
        if self.chance(3):
            destination['port'] = {'number': self.pick(PORTS)}
        if self.chance(3):
            destination['subset'] = self.pick(['v1', 'v2'])
        return destination

    def http_route(self, claims):
        route = {'route': [{'destination': self.destination()}]}
        if self.chance(6):
            route['match'] = [self.http_match(claims)
                              for _ in range(self.dice.randint(1, 2))]
        if self.chance(3):
            route['name'] = self.pick(NAMES)
        if self.chance(2):
            route['mirror'] = self.destination()
        elif self.chance(2):
            route['mirrors'] = [{'destination': self.destination()}]
        if self.chance(1):
            route['fault'] = {'delay': {'fixedDelay': '1s', 'percent': 5}}
        return route

    def tcp_route(self):
        route = {'route': [{'destination': self.destination()}]}
        if self.chance(6):
            route['match'] = [{'port': self.pick(PORTS)}
                              for _ in range(self.dice.randint(1, 2))]
        return route

    def virtual_service(self):
        head = self.head('networking.istio.io/v1', 'VirtualService')
        spec = {'hosts': [self.host()]}
        if self.chance(4):
            spec['gateways'] = [self.pick(
                ['mesh', 'web-0', 'shop/web-1', 'istio-system/pay-0'])
                for _ in range(self.dice.randint(1, 2))]
            spec['gateways'] = sorted(set(spec['gateways']))
        if '.' not in spec['hosts'][0] and spec.get('gateways') not in (
                None, ['mesh']):
            spec['hosts'] = ['api.example.com']
        if spec['hosts'][0] == '*' and 'gateways' not in spec:
            spec['hosts'] = ['cart']
        claims = 'mesh' not in spec.get('gateways', ['mesh'])
        if self.chance(8):
            spec['http'] = [self.http_route(claims)
                            for _ in range(self.dice.randint(1, 4))]
        else:
            spec['tcp'] = [self.tcp_route()
                           for _ in range(self.dice.randint(1, 4))]
        self.export(spec)
        self.add(head, spec)

    def destination_rule(self):
        head = self.head('networking.istio.io/v1', 'DestinationRule')
        spec = {'host': self.known_host()}
        if self.chance(6):
            spec['subsets'] = [{'name': n, 'labels': {'version': n}}
                               for n in self.dice.sample(['v1', 'v2', 'v3'],
                                                         2)]
        if self.chance(3):
            tls = {'mode': self.pick(['SIMPLE', 'DISABLE', 'ISTIO_MUTUAL'])}
            if tls['mode'] == 'SIMPLE' and self.chance(5):
                tls['caCertificates'] = '/etc/ca.pem'
            spec['trafficPolicy'] = {'tls': tls} if self.chance(5) else {
                'portLevelSettings': [{'port': {'number': 443}, 'tls': tls}]}
        self.export(spec)
        self.add(head, spec)

    def gateway(self):
        head = self.head('networking.istio.io/v1', 'Gateway')
        servers = []
        for port in self.dice.sample([80, 443], self.dice.randint(1, 2)):
            server = {'port': {'number': port, 'name': 'p-%d' % port,
                               'protocol': 'HTTP'},
                      'hosts': [self.pick(
                          ['*', 'api.example.com', '*.example.com',
                           'shop/api.example.com', './cart.example.com',
                           '*/db.example.org'])]}
            if port == 443:
                server['port']['protocol'] = 'HTTPS'
                server['tls'] = {'mode': 'SIMPLE', 'credentialName':
                                 self.pick(['one', 'two'])}
            servers.append(server)
        self.add(head, {'selector': self.pick(EDGES), 'servers': servers})

    # --- selectors ---

    def select(self, spec, of_ten=6):
        if self.chance(of_ten):
            spec['selector'] = {'matchLabels': self.pick(SELECTORS)}

    def sidecar(self):
        head = self.head('networking.istio.io/v1', 'Sidecar')
        spec = {'egress': [{'hosts': ['*/*']}]}
        if self.chance(6):
            spec['workloadSelector'] = {'labels': self.pick(SELECTORS)}
        self.add(head, spec)

    def telemetry(self):
        head = self.head('telemetry.istio.io/v1', 'Telemetry')
        spec = {'accessLogging': [{'providers': [{'name': 'envoy'}]}]}
        if self.chance(3):
            spec['accessLogging'] = [{'disabled': self.chance(5)}]
        self.select(spec)
        self.add(head, spec)

    def authorization_policy(self):
        head = self.head('security.istio.io/v1', 'AuthorizationPolicy')
        spec = {'action': self.pick(['ALLOW', 'DENY']),
                'rules': [{'from': [{'source': {
                    self.pick(['namespaces', 'notNamespaces']):
                        [self.pick(SPACES + ['sh*', '*k', '*', 'no'])]}}]}]}
        self.select(spec)
        self.add(head, spec)

    def request_authentication(self):
        head = self.head('security.istio.io/v1', 'RequestAuthentication')
        spec = {'jwtRules': [{'issuer': 'https://example.com'}]}
        self.select(spec)
        self.add(head, spec)

    def peer_authentication(self):
        head = self.head('security.istio.io/v1', 'PeerAuthentication')
        spec = {'mtls': {'mode': 'STRICT'}}
        self.select(spec)
        self.add(head, spec)

    def deployment(self):
        head = self.head('apps/v1', 'Deployment', 'istio-system')
        if not head:
            return
        head['metadata']['labels'] = {'app': self.pick(['istiod', 'other'])}
        container = {'name': 'discovery', 'image': 'pilot'}
        if self.chance(5):
            container['env'] = [{'name': 'BLOCKED_CIDRS_IN_JWKS_URIS',
                                 'value': self.pick(['', '10.0.0.0/8'])}]
        self.add(head, {'selector': {'matchLabels': {'app': 'x'}}, 'template': {
            'metadata': {'labels': {'app': 'x'}},
            'spec': {'containers': [container]}}})


def scatter(seed):
    """The documents of one directory, as plain values."""
    maker = Maker(seed)
    weights = [(maker.virtual_service, 6), (maker.destination_rule, 4),
               (maker.gateway, 3), (maker.service, 3),
               (maker.service_entry, 2), (maker.workload_entry, 2),
               (maker.pod, 2), (maker.namespace, 1), (maker.sidecar, 2),
               (maker.telemetry, 2), (maker.authorization_policy, 2),
               (maker.request_authentication, 1),
               (maker.peer_authentication, 1), (maker.deployment, 1)]
    kinds = maker.dice.sample(weights, maker.dice.randint(2, 9))
    pool = [make for make, weight in kinds for _ in range(weight)]
    for _ in range(maker.dice.randint(3, 16)):
        maker.pick(pool)()
    return maker.documents
