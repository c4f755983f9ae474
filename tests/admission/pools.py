"""What mutants are made of: scalars as they stand in a file."""


def _quoted(*texts):
    return ['"%s"' % text for text in texts]


# Of another type, or hardly of any.
SHAPES = [
    "null", "~", "", "true", "false", "yes", "off", "True", "0", "1", "-1",
    "1.5", "1e3", '""', '" "', '"1"', '"true"', '"null"', "text", "{}", "[]",
    "[1]", "[a]", '["a", "a"]', "{a: 1}", '{"": ""}', "[null]", "[[]]", "[{}]",
    "{a: null}", ".inf", ".nan", "2024-01-31", "2024-01-31T12:00:00Z", "12:30",
    "0x1F", "0o17", "017", "1_000", "+1", "!!str 5", '!!int "5"', "=",
]

NUMBERS = [
    "-1", "-0", "0", "1", "2", "3", "5", "65535", "65536", "2147483647",
    "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
    "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "100000000000000000000000", "1e3", "1e2", "1E2",
    "1e400", "1e-3", "1e-400", "1.0", "1.5", "100.0", "99.9", "100.1", "0.0001",
    "0.00001", "1e-5", "-0.5", ".5", "5.", "0x10", "0o10", "0b11", "010", "09",
    "1_000", "+5", "99", "100", "101", "199", "200", "300", "399", "400", "599",
    "600", "601", "5000010", "5000011", "5000009", "65537", ".inf", "-.inf",
    ".nan", "1.", "1e", "0e0", "00", "-00",
] + _quoted("0", "5", "-1", "1.5", "1e2", "", " 5", "5 ", "0x10", "five",
            "NaN", "Infinity", "65536", "4294967296", "18446744073709551616")

DURATIONS = [
    "0s", "0", "1s", "1ms", "0.5ms", "0.001s", "1.5s", "1h", "-1s", "-0s",
    "1us", "1ns", "1d", "1", "1S", "1h1m1s", "1m1ms", "1e3s", "+1s", ".5s",
    "1.s", "1.5", "10", "s", ".s", "1s1", "1ss", "99999999h", "2562047h",
    "2562048h", "9223372036s", "9223372037s", "315576000000s",
    "315576000001s", "1.0000000001s", "0.0000000001s", "0.9ms", "1.1ms",
    "1000us", "999us", "1000000ns", "1500us", "3600s", "3601s", "1h0m0s",
    "61m", "null", "1.5ms", "00005s", "5s5s", "24h", "1w", "1m", "0.1s",
    "1h-1s", "9007199254740993ns", "0h", "0ms", "1_000s",
] + _quoted("", " 1s", "1s ", "1 s", "1µs", "1000µs", "1μs", "1000μs", "１s",
            "1s\\n", "1,5s", "PT1S", "2562047h47m16.854775807s",
            "2562047h47m16.854775808s", "∞", "1s\\u0000")

TEXTS = [
    "a", "A", "mesh", "on", "no", "y", "a_b", "a-b", "-a", "a-", "a.b", "x.y.z",
    "5s", "8080", "http", "HTTP", "GET", "get", "GRPC", "default/gw", "./gw",
] + _quoted(
    "", " ", "*", "**", ".", "~", "./*", "*/*", "a/b", "a/b/c", "/", "//", "/a",
    "a/", "*.com", "*a.com", "a.*.com", "a*", "*a", ".a", "a.", "a..b", "a b",
    " a", "a ", "a\\n", "a\\tb", "ä", "日本", "e\\u0301", "😀", "\\u00a0",
    "\\u200b", "\\ufeff", "\\ufffd", "a\\u0000b", "\\x07", "\\u0085", "\\u2028",
    "true", "null", "1", "-1", "1.5", "10.0.0.1", "10.0.0.1/33", "10.0.0.0/8",
    "10.0.0.1/8", "::1", "fe80::1%eth0", "256.1.1.1", "1.2.3", "2001:db8::/32",
    "[::1]", "a:80", "a@b", "a,b", "a, b", "a=b", "a;b", "a?b", "a#b", "a%b",
    "%REQ(x)%", "%", "%%", "%5", "{a}", "{*}", "/{*}/x", "/{**}", "/a{*}",
    "5xx", "5xx,reset", "5xx, reset", "5xx,", "503", "999", "http://a",
    "https://a", "https://a/b", "http://", "ftp://a", "https://a:0",
    "https://a:65536", "unix:///a", "unix://@a", "host", ":authority", ":path",
    "x-a", "X-A", "x a", "cluster.local", "a.svc", "'", "\\\"", "\\\\", "<", "&",
    "@request.auth.claims.a", "@request.auth.claims[a]", "istio-proxy",
    "a" * 63, "a" * 64, "a" * 253, "a" * 254, "a" * 317, "a" * 256, "a" * 257,
    "a" * 1024, "a" * 1025, "a." * 120 + "a", "a." * 127 + "a",
    "a." * 128 + "a", "ä" * 64, "ä" * 200, ("a" * 63 + ".") * 3 + "a" * 61,
    ("a" * 63 + ".") * 3 + "a" * 62)

ENUMS = [
    "UNSPECIFIED", "DEFAULT", "NONE", "ALLOW", "DENY", "AUDIT", "CUSTOM",
    "STRICT", "PERMISSIVE", "DISABLE", "UNSET", "SIMPLE", "MUTUAL",
    "ISTIO_MUTUAL", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN",
    "RANDOM", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS",
    "MESH_EXTERNAL", "MESH_INTERNAL", "UPGRADE", "DO_NOT_UPGRADE", "V1", "V2",
    "TLSV1_2", "TLS_AUTO", "HTTP", "HTTP2", "HTTPS", "GRPC", "TCP", "TLS",
    "MONGO", "UDP", "CLIENT", "SERVER", "CLIENT_AND_SERVER", "FORWARD",
    "IGNORE", "REGISTRY_ONLY", "ALLOW_ANY", "simple", "Simple", "SIMPLE_",
    "0", "1", "99", "-1", '"0"', '"1"', '""', '"SIMPLE "', "OFF", "ON", "NO",
]

REGEXES = _quoted(
    "", ".*", "(", ")", "[", "[a-", "]", "a{2", "a{1000}", "a{1001}", "a{2,1}",
    "a**", "*", "?", "+", "\\\\", "\\\\1", "\\\\C", "\\\\d+", "\\\\pL",
    "\\\\p{Greek}", "\\\\p{Foo}", "\\\\z", "\\\\Z", "\\\\Qa", "(?i)a", "(?P<n>a)",
    "(?<n>a)", "(?P<n>a)(?P<n>b)", "(?=a)", "(?!a)", "(?<=a)", "(?>a)", "a++",
    "a|", "|", "()", "(?:)", "(?z)a", "[[:alpha:]]", "[[:foo:]]", "[z-a]",
    "\\\\x{10FFFF}", "\\\\x{110000}", "\\\\xZZ", "\\\\8", "\\\\e", "\\\\_", "^a$", "\\\\ba\\\\B",
    "((a{100}){100}){100}", "(((a{10}){10}){10}){10}", "ä+", "[ä-ö]", "$^",
    "a" * 1024, "a" * 1025, "(" * 20 + ")" * 20, "(" * 1001 + ")" * 1001)

HOSTS = [
    "example.com", "a", "a.b.c", "EXAMPLE.com", "reviews.default",
    "reviews.default.svc.cluster.local", "10.0.0.1", "localhost", "1", "1.5",
    "1.2.3", "mesh", "xn--bcher-kva.example",
] + _quoted(
    "*", "*.example.com", "*example.com", "*-a.example.com", "a.*.com", "*.",
    "example.*", "example.com.", ".example.com", "example..com", "exam_ple.com",
    "-a.com", "a-.com", "a.com:80", "http://a.com", "bücher.example", "::1",
    "ns/a.com", "./a.com", "*/a.com", "ns/*", "~/*", "/", "", " ",
    "a" * 63 + ".com", "a" * 64 + ".com", "example.com/", "example.com/path",
    "*.*", "*.*.com", "*.10.0.0.1", "*.a", "a,b")

ADDRESSES = [
    "10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "10.0.0.1/8", "0.0.0.0",
    "0.0.0.0/0", "255.255.255.255", "256.0.0.1", "10.0.0", "10.0.0.1.2",
    "010.0.0.1", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/", "10.0.0.1/08",
    "10.0.0.1/8/8", "0x0a000001", "167772161", "1", "1.5", "a", "localhost",
] + _quoted(
    "", " ", "::", "::1", "::/0", "::1/128", "::1/129", "2001:db8::1",
    "2001:db8::/32", "2001:DB8::1", "::ffff:10.0.0.1", "::ffff:10.0.0.1/96",
    "fe80::1%eth0", "fe80::1%25eth0", "[::1]", "1::2::3", "12345::", ":::",
    "10.0.0.1:80", "10.0.0.1 ", " 10.0.0.1", "*", "unix:///a/b", "unix://a",
    "unix:///", "unix://@abstract", "10.0.0.*", "example.com")

# Keys that stand in for another.
KEYS = [
    "a", "A", "1", "true", "null", "x-header", "X-Header", "host", "authority",
    "uri", "method", "scheme", "regex", "exact", "prefix", "name", "port",
    "number", "app.kubernetes.io/name", "kubernetes.io/", "/a", "a/b/c",
    "a_b", "_a", "a-", "-a", "a" * 63, "a" * 64, "@request.auth.claims.a",
    "a.b.c/d", "request.headers[x]", "8080", "0", "65536", "-1", "1.5",
    '""', '" "', '"a b"', '"ä"', '":path"', '":authority"', '"*"', '"a:b"',
    '"a\\nb"', '"a,b"', '"a\\u0000b"', "region/zone", '"region/*"',
]

STRANGERS = [
    ("unknownField", "1"), ("foo", "bar"), ("enabled", "true"), ("x", "{}"),
    ("description", '"text"'), ("$ref", "a"), ('""', "1"), ("nothing", "null"),
    ("_comment", "text"), ("enabled", "null"), ("list", "[]"),
]

# Of what is around the spec.
ENVELOPE = {
    "version": ("apiVersion", [
        "networking.istio.io/v1", "networking.istio.io/v1beta1",
        "networking.istio.io/v1alpha3", "networking.istio.io/v1alpha1",
        "networking.istio.io/v2", "security.istio.io/v1",
        "security.istio.io/v1beta1", "telemetry.istio.io/v1",
        "telemetry.istio.io/v1alpha1", "v1", "networking.istio.io",
        "networking.istio.io/V1", "config.istio.io/v1", '""', "1", "null"]),
    "name": ("metadata.name", [
        "a", "A", "a_b", "a.b", '"a b"', '""', "1", "null", "true", '"-a"',
        '"a/b"', "a" * 253, "a" * 254, "a" * 64, "{}", "[]", '"ä"', "1.5"]),
    "namespace": ("metadata.namespace", [
        "a", "A", '"a.b"', '""', "null", '"1"', "istio-system", '"a b"',
        "a" * 63, "a" * 64]),
    "labels": ("metadata.labels", [
        "{}", "null", "{a: b}", "{a: 1}", "{a: true}", "{a: null}", "[]", "a",
        '{"a b": c}', '{a: "b c"}', '{"": a}', "{istio.io/rev: x}",
        '{"a/b/c": d}', "{a: {}}", "{a: []}"]),
    "annotations": ("metadata.annotations", [
        "{}", "null", "{a: b}", "{a: 1}", "{a: true}", "{a: null}", "[]", "a",
        '{"a b": c}', '{istio.io/dry-run: "true"}', "{istio.io/dry-run: x}",
        '{"istio.io/dry-run": "false"}', '{"": a}']),
    "status": ("status", [
        "{}", "null", "[]", "a", "{conditions: []}", "{conditions: {}}",
        "{foo: bar}", "{observedGeneration: 5}", '{observedGeneration: "5"}',
        "{observedGeneration: true}", "{observedGeneration: 1.5}",
        "{conditions: [{type: Ready}]}", "{conditions: [{type: 1}]}",
        '{conditions: [{lastProbeTime: "2024-01-31T12:00:00Z"}]}',
        '{conditions: [{lastProbeTime: "yesterday"}]}',
        "{conditions: [{foo: bar}]}", "{validationMessages: []}",
        "{validationMessages: [{level: ERROR}]}",
        "{validationMessages: [{level: FOO}]}",
        "{validationMessages: [{type: {code: a, name: b}}]}",
        "{validationMessages: [{type: {code: 1}}]}",
        "{validationMessages: [{documentationUrl: 1}]}"]),
    "spec": ("spec", ["{}", "null", "[]", "a", "1", "true", '""', "[{}]"]),
    "metadata": ("metadata", ["{}", "null", "[]", "a", "{name: a}",
                              "{name: a, foo: bar}", "{generateName: a}"]),
    "finalizers": ("metadata.finalizers", ["[]", "[a]", "a", "null", "[1]"]),
    "generation": ("metadata.generation", ["1", '"1"', "-1", "1.5", "null"]),
    "created": ("metadata.creationTimestamp", [
        "null", '"2024-01-31T12:00:00Z"', "2024-01-31T12:00:00Z", '"x"', "1"]),
}

# What no valid resource has: at a place, a key and its value.
UNMADE = [
    ("WorkloadGroup spec.probe", "grpc", "{port: 9000, service: a}"),
    ("VirtualService spec.http[].fault.abort", "http2Error", "REFUSED_STREAM"),
    ("VirtualService spec.http[].fault.delay", "exponentialDelay", "1s"),
    ("VirtualService spec.http[]", "websocketUpgrade", "true"),
    ("VirtualService spec.http[]", "retry", "{attempts: 1}"),
    ("Gateway spec.servers[]", "defaultEndpoint", "127.0.0.1:80"),
    ("Gateway spec.servers[].port", "targetPort", "8080"),
    ("Sidecar spec.ingress[].port", "targetPort", "8080"),
    ("Sidecar spec.egress[].port", "targetPort", "8080"),
    ("Sidecar spec.ingress[].tls", "httpsRedirect", "true"),
    ("Sidecar spec.ingress[].tls", "credentialName", "a"),
    ("Sidecar spec.ingress[].tls", "credentialNames", "[a]"),
    ("Sidecar spec.ingress[].tls", "caCertCredentialName", "a"),
    ("Sidecar spec.ingress[].tls", "subjectAltNames", "[a]"),
    ("Sidecar spec.ingress[].tls", "tlsCertificates",
     "[{serverCertificate: a, privateKey: b, caCertificates: c}]"),
]
