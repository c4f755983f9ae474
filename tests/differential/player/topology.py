"""Who is in a case: its policy files, its workloads, and on which ports others
know them. Reads documents; starts nothing."""
import ipaddress
import os
import re

import yaml

FIELDS = {'shows', 'policy', 'documents', 'source', 'plain', 'apps',
          'plain_tls', 'backends', 'requests', 'define'}
ENDINGS = ('.yaml', '.yml', '.json')

# Protocols of ports on which a sidecar sees streams of bytes.
STREAMS = {'tcp', 'tls', 'https', 'mongo', 'mysql', 'redis'}


class CaseError(Exception):
    """The case cannot be played; the text says why."""


class Workload:
    def __init__(self, namespace, name, address, account, labels, locality,
                 ports=None):
        self.namespace, self.name = namespace, '%s/%s' % (namespace, name)
        self.address = moved(address)
        self.account = account or 'default'
        self.labels = labels or {}
        self.locality = locality
        self.named_ports = ports or {}
        self.ports = set()
        self.streams = set()  # those of them that take bytes


class Case:
    """One case file, and what its policies say of the mesh."""

    def __init__(self, path):
        self.path = path
        self.here = os.path.dirname(os.path.abspath(path))
        with open(path) as file:
            self.data = yaml.safe_load(file)
        unknown = set(self.data) - FIELDS
        if unknown:
            raise CaseError('unknown fields %s' % sorted(unknown))
        self.requests = self.data['requests']
        self.source = self.data['source']
        self.texts = self.read_policies()
        self.documents = [d for _, text in self.texts
                          for d in yaml.safe_load_all(text)
                          if isinstance(d, dict)]
        self.workloads = {w.name: w for w in self.find_workloads()}
        self.streams = set()  # (address, port), as callers dial them
        self.find_ports()
        self.plain = set(self.data.get('plain', []))
        self.check_names()

    # --- files ---

    def read_policies(self):
        """[(file name, text)], in the order in which they count."""
        found = []
        for policy in self.data.get('policy', []):
            top = os.path.join(self.here, policy)
            if not os.path.exists(top):
                raise CaseError('there is no %s' % policy)
            found += [top] if os.path.isfile(top) else walk(top)
        texts = []
        for path in found:
            with open(path) as file:
                texts.append((os.path.basename(path), file.read()))
        if self.data.get('documents'):
            texts.append(('documents.yaml', self.data['documents']))
        return texts

    def write_policies(self, directory):
        """As the workloads get them, with addresses moved."""
        moves = self.moves()
        for i, (name, text) in enumerate(self.texts):
            for old, new in moves.items():
                text = re.sub(r'(?<![\d.])%s(?![\d.])' % re.escape(old), new,
                              text)
            with open(os.path.join(directory, '%03d-%s' % (i, name)),
                      'w') as file:
                file.write(text)

    def moves(self):
        known = [d['spec'].get('address') for d in self.kind('WorkloadEntry')]
        known += [d.get('status', {}).get('podIP') for d in self.kind('Pod')]
        known += [e.get('address') for d in self.kind('ServiceEntry')
                  for e in d['spec'].get('endpoints') or []]
        return {a: moved(a) for a in known if a and moved(a) != a}

    # --- workloads ---

    def kind(self, kind):
        return [d for d in self.documents if d.get('kind') == kind]

    def mesh_configs(self):
        for document in self.documents:
            if document.get('kind') == 'IstioOperator':
                yield (document.get('spec') or {}).get('meshConfig') or {}
            elif not document.get('kind'):
                yield document

    def trust_domain(self):
        named = [c['trustDomain'] for c in self.mesh_configs()
                 if c.get('trustDomain')]
        return named[0] if named else 'cluster.local'

    def names_collector(self):
        """Does the policy send spans somewhere? Here the host has to."""
        return any('opentelemetry' in provider
                   for config in self.mesh_configs()
                   for provider in config.get('extensionProviders') or [])

    def mirrors(self):
        return any('mirror' in route or 'mirrors' in route
                   for service in self.kind('VirtualService')
                   for route in service['spec'].get('http') or [])

    def find_workloads(self):
        for document in self.kind('WorkloadEntry'):
            spec = document['spec']
            labels = dict(spec.get('labels') or {})
            labels.update(meta(document).get('labels') or {})
            yield Workload(namespace(document), meta(document)['name'],
                           spec.get('address', ''), spec.get('serviceAccount'),
                           labels, spec.get('locality'), spec.get('ports'))
        for document in self.kind('Pod'):
            spec = document.get('spec') or {}
            ports = {p.get('name'): p['containerPort']
                     for c in spec.get('containers') or []
                     for p in c.get('ports') or []}
            yield Workload(namespace(document), meta(document)['name'],
                           document.get('status', {}).get('podIP', ''),
                           spec.get('serviceAccountName'),
                           meta(document).get('labels'), None, ports)
        for define in self.data.get('define', []):
            yield Workload(define['namespace'], define['name'],
                           define['address'], define.get('serviceAccount'),
                           define.get('labels'), define.get('locality'))

    def check_names(self):
        for name in [self.source, *self.plain]:
            if name not in self.workloads:
                raise CaseError('no workload %s; there are %s'
                                % (name, sorted(self.workloads)))

    # --- ports ---

    def find_ports(self):
        for document in self.kind('Service'):
            spec = document.get('spec') or {}
            for workload in self.selected(document, spec.get('selector')):
                for port in spec.get('ports') or []:
                    add_port(workload, port,
                             target(workload, port, port['port']))
            self.dialled([spec.get('clusterIP')], spec, 'port')
        for document in self.kind('ServiceEntry'):
            spec = document['spec']
            selector = (spec.get('workloadSelector') or {}).get('labels')
            for port in spec.get('ports') or []:
                for workload in self.selected(document, selector):
                    add_port(workload, port,
                             target(workload, port, port['number']))
                self.listed(spec.get('endpoints') or [], port)
            self.dialled(spec.get('addresses') or [], spec, 'number')
        for document in self.kind('EndpointSlice'):
            addresses = [a for e in document.get('endpoints') or []
                         for a in e.get('addresses') or []]
            for workload in self.workloads.values():
                if workload.address in map(moved, addresses):
                    workload.ports |= {p['port'] for p
                                       in document.get('ports') or []}

    def selected(self, document, selector):
        if not selector:
            return []
        return [w for w in self.workloads.values()
                if w.namespace == namespace(document)
                and selector.items() <= w.labels.items()]

    def listed(self, endpoints, port):
        """Endpoints that are written out may be workloads, too."""
        for endpoint in endpoints:
            for workload in self.workloads.values():
                if workload.address == moved(endpoint.get('address', '')):
                    ports = endpoint.get('ports') or {}
                    add_port(workload, port, ports.get(
                        port.get('name'),
                        port.get('targetPort', port['number'])))

    def dialled(self, addresses, spec, key):
        self.streams |= {(a, p[key]) for a in addresses if a
                         for p in spec.get('ports') or [] if is_stream(p)}

    def is_stream(self, request):
        """Would a sidecar see bytes here? Else `stream` says to whom."""
        address, _, port = str(request.get('to', '')).rpartition(':')
        return bool(request.get('stream')) or \
            any(int(port or 0) == p and within(address, a)
                for a, p in self.streams)


def is_stream(port):
    """A ServiceEntry names the protocol; a Service's port is named by it."""
    named = port.get('protocol') if 'number' in port else \
        port.get('appProtocol') or (port.get('name') or '').split('-')[0]
    return (named or '').lower() in STREAMS


def within(address, block):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block)
    except ValueError:
        return False


def add_port(workload, port, number):
    workload.ports.add(number)
    if is_stream(port):
        workload.streams.add(number)


def target(workload, port, number):
    """Where a workload takes what is sent to a service's port."""
    to = port.get('targetPort', number)
    if port.get('name') in workload.named_ports:
        return workload.named_ports[port['name']]
    return workload.named_ports.get(to, number) if isinstance(to, str) else to


def walk(top):
    found = []
    for folder, folders, files in os.walk(top):
        folders.sort()
        found += [os.path.join(folder, f) for f in sorted(files)
                  if f.endswith(ENDINGS)]
    return found


def moved(address):
    """Into 127/8, where every address is ours."""
    try:
        ip = ipaddress.IPv4Address(address)
    except ValueError:
        return address
    if ip.is_loopback:
        return address
    return '127.' + address.split('.', 1)[1]


def meta(document):
    return document.get('metadata') or {}


def namespace(document):
    return meta(document).get('namespace') or 'default'
