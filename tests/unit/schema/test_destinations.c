/*
 * test_destinations.c - the rules of a DestinationRule, each kept and each
 * broken. Each row was put before Istio's own code, which says the same.
 */
#include "say.h"

/* From line 5 on. */
#define DR(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row destination_rule_rows[] = {
    { "a number may be a host, when it stands alone", DR("  host: \"123\"\n"),
      "" },
    { "a number may be a host, when it stands alone, and not so",
      DR("  host: a.123\n"),
      "5:9 error spec.host: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a.123\" "
      "[IST0106]\n" },
    { "a star stands for the start", DR("  host: \"*-a.b\"\n"), "" },
    { "a star stands for the start, and not so", DR("  host: \"a*.b\"\n"),
      "5:9 error spec.host: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a*.b\" "
      "[IST0106]\n" },
    { "subsets take capitals",
      DR("  host: a\n"
         "  subsets: [{name: V2}]\n"),
      "" },
    { "subsets take capitals, and not so",
      DR("  host: a\n"
         "  subsets: [{name: v.2}]\n"),
      "6:20 error spec.subsets[0].name: wanted letters, digits and \"-\", at "
      "most 63, found \"v.2\" [IST0106]\n" },
    { "labels of a subset have no bound",
      DR("  host: a\n"
         "  subsets: [{name: a, labels: {a: "
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "b}}]\n"),
      "" },
    { "labels of a subset have no bound, and not so",
      DR("  host: a\n"
         "  subsets: [{name: a, labels: "
         "{bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: "
         "b}}]\n"),
      "6:32 error "
      "spec.subsets[0].labels["
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]: "
      "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\" is "
      "no label name [IST0106]\n" },
    { "a selector keeps it at home",
      DR("  host: a\n"
         "  workloadSelector: {matchLabels: {a: b}}\n"
         "  exportTo: [\".\"]\n"),
      "" },
    { "a selector keeps it at home, and not so",
      DR("  host: a\n"
         "  workloadSelector: {matchLabels: {a: b}}\n"
         "  exportTo: [\"*\"]\n"),
      "6:3 error spec: with a workloadSelector, exportTo may only be \".\" "
      "[IST0106]\n"
      "7:14 error spec: with a workloadSelector, exportTo may only be \".\" "
      "[IST0106]\n" },
    { "a namespace comes once",
      DR("  host: a\n"
         "  exportTo: [ns, x]\n"),
      "" },
    { "a namespace comes once, and not so",
      DR("  host: a\n"
         "  exportTo: [ns, \".\"]\n"),
      "6:14 error spec.exportTo[0]: \".\" comes twice [IST0106]\n"
      "6:18 error spec.exportTo[1]: \".\" comes twice [IST0106]\n" },
    { "everybody stands alone",
      DR("  host: a\n"
         "  exportTo: [\"*\"]\n"),
      "" },
    { "everybody stands alone, and not so",
      DR("  host: a\n"
         "  exportTo: [\"*\", x]\n"),
      "6:14 error spec.exportTo[0]: \"*\" must stand alone [IST0106]\n"
      "6:19 error spec.exportTo[1]: \"*\" must stand alone [IST0106]\n" },
    { "an empty list of ports is no policy",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: [], tls: {}}\n"),
      "" },
    { "an empty list of ports is no policy, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: []}\n"),
      "6:18 error spec.trafficPolicy: may not be empty [IST0106]\n" },
    { "any number is a port of a policy",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: "
         "{}}]}\n"),
      "" },
    { "any number is a port of a policy, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: [{tls: {}}]}\n"),
      "6:39 error spec.trafficPolicy.portLevelSettings[0]: \"port\" is "
      "required [IST0106]\n" },
    { "a port's policy says something",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: "
         "{}}]}\n"),
      "" },
    { "a port's policy says something, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {portLevelSettings: [{port: {number: 1}}]}\n"),
      "6:39 error spec.trafficPolicy.portLevelSettings[0]: may not be empty "
      "[IST0106]\n" },
    { "a tunnel or a header of its own",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {targetHost: a, targetPort: 1}}\n"),
      "" },
    { "a tunnel or a header of its own, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {targetHost: a, targetPort: 1}, "
         "proxyProtocol: {}}\n"),
      "6:19 error spec.trafficPolicy.tunnel: \"tunnel\" and \"proxyProtocol\" "
      "exclude each other [IST0106]\n"
      "6:59 error spec.trafficPolicy.proxyProtocol: \"tunnel\" and "
      "\"proxyProtocol\" exclude each other [IST0106]\n" },
    { "a tunnel leads to a host",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {targetHost: \"fe80::1%a\", targetPort: "
         "1}}\n"),
      "" },
    { "a tunnel leads to a host, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {targetHost: \"*.a\", targetPort: 1}}\n"),
      "6:40 error spec.trafficPolicy.tunnel: targetHost: wanted a name or an "
      "IP address [IST0106]\n" },
    { "a tunnel is asked for in two ways",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {protocol: POST, targetHost: a, "
         "targetPort: 1}}\n"),
      "" },
    { "a tunnel is asked for in two ways, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tunnel: {protocol: GET, targetHost: a, targetPort: "
         "1}}\n"),
      "6:38 error spec.trafficPolicy.tunnel: protocol: wanted CONNECT or POST, "
      "found \"GET\" [IST0106]\n" },
    { "a pool is of TCP or HTTP",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {tcp: {}}}\n"),
      "" },
    { "a pool is of TCP or HTTP, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {}}\n"),
      "6:35 error spec.trafficPolicy.connectionPool: tcp or http is required "
      "[IST0106]\n" },
    { "idle connections may be kept",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {tcp: {idleTimeout: 0.5ms}}}\n"),
      "" },
    { "idle connections may be kept, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {tcp: {idleTimeout: 1.5ms}}}\n"),
      "6:55 error spec.trafficPolicy.connectionPool.tcp.idleTimeout: wanted 0s "
      "or whole milliseconds, found \"1.5ms\" [IST0106]\n" },
    { "keep-alives have both",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {http: {http2KeepAlive: {interval: "
         "1s, timeout: 1s}}}}\n"),
      "" },
    { "keep-alives have both, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {http: {http2KeepAlive: {interval: "
         "1s}}}}\n"),
      "6:59 error spec.trafficPolicy.connectionPool.http.http2KeepAlive: "
      "interval and timeout are required [IST0106]\n" },
    { "a client's protocol is not upgraded",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {http: {useClientProtocol: "
         "true}}}\n"),
      "" },
    { "a client's protocol is not upgraded, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {connectionPool: {http: {useClientProtocol: true, "
         "h2UpgradePolicy: UPGRADE}}}\n"),
      "6:43 error spec.trafficPolicy.connectionPool.http.useClientProtocol: "
      "useClientProtocol and h2UpgradePolicy UPGRADE exclude each other "
      "[IST0106]\n"
      "6:68 error spec.trafficPolicy.connectionPool.http.h2UpgradePolicy: "
      "useClientProtocol and h2UpgradePolicy UPGRADE exclude each other "
      "[IST0106]\n" },
    { "local failures are counted apart",
      DR("  host: a\n"
         "  trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: "
         "0}}\n"),
      "" },
    { "local failures are counted apart, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: "
         "1}}\n"),
      "6:37 error spec.trafficPolicy.outlierDetection: "
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: "
      "true [IST0106]\n"
      "6:38 error "
      "spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: "
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: "
      "true [IST0106]\n" },
    { "warming up may take any time above 1ms",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmupDurationSecs: 1.5ms}}\n"),
      "" },
    { "warming up may take any time above 1ms, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmupDurationSecs: 0.5ms}}\n"),
      "6:54 error spec.trafficPolicy.loadBalancer.warmupDurationSecs: wanted a "
      "duration of 1ms or more, found \"0.5ms\" [IST0106]\n" },
    { "warming up takes a time",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmup: {duration: 1s, aggression: "
         "null}}}\n"),
      "" },
    { "warming up takes a time, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmup: {aggression: 1}}}\n"),
      "6:42 error spec.trafficPolicy.loadBalancer.warmup: \"duration\" is "
      "required [IST0106]\n" },
    { "warming up is steep",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmup: {duration: 1s, aggression: "
         "0.1}}}\n"),
      "" },
    { "warming up is steep, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {warmup: {duration: 1s, aggression: "
         "0}}}\n"),
      "6:69 error spec.trafficPolicy.loadBalancer.warmup: aggression must be "
      "above 0 [IST0106]\n" },
    { "a ring has one size",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "minimumRingSize: 0, ringHash: {}}}}\n"),
      "" },
    { "a ring has one size, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "minimumRingSize: 1, ringHash: {}}}}\n"),
      "6:70 error "
      "spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize: "
      "\"minimumRingSize\" and \"ringHash\" exclude each other [IST0106]\n"
      "6:90 error spec.trafficPolicy.loadBalancer.consistentHash.ringHash: "
      "\"minimumRingSize\" and \"ringHash\" exclude each other [IST0106]\n" },
    { "a Maglev table is prime, as Envoy counts",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "maglev: {tableSize: 1}}}}\n"),
      "" },
    { "a Maglev table is prime, as Envoy counts, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "maglev: {tableSize: 4}}}}\n"),
      "6:90 error spec.trafficPolicy.loadBalancer.consistentHash.maglev: "
      "tableSize must be a prime number [IST0106]\n" },
    { "a Maglev table has a size",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "maglev: {tableSize: 3}}}}\n"),
      "" },
    { "a Maglev table has a size, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
         "maglev: {}}}}\n"),
      "6:78 error spec.trafficPolicy.loadBalancer.consistentHash.maglev: "
      "tableSize must be a prime number [IST0106]\n" },
    { "a cookie has a name",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "a}}}}\n"),
      "" },
    { "a cookie has a name, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "\"\"}}}}\n"),
      "6:70 error spec.trafficPolicy.loadBalancer.consistentHash.httpCookie: "
      "name may not be empty [IST0106]\n"
      "6:70 error "
      "spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.name: may not "
      "be empty [IST0106]\n" },
    { "attributes of a cookie come once",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "a, attributes: [{name: b}, {name: c}]}}}}\n"),
      "" },
    { "attributes of a cookie come once, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "a, attributes: [{name: b}, {name: b}]}}}}\n"),
      "6:93 error "
      "spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[0]."
      "name: name comes twice here: \"b\" [IST0106]\n"
      "6:104 error "
      "spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1]."
      "name: name comes twice here: \"b\" [IST0106]\n" },
    { "attributes of a cookie have names",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "a, attributes: [{name: b}]}}}}\n"),
      "" },
    { "attributes of a cookie have names, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: "
         "a, attributes: [{name: \"\"}]}}}}\n"),
      "6:93 error spec.trafficPolicy.loadBalancer.consistentHash.httpCookie: "
      "name may not be empty [IST0106]\n" },
    { "localities or zones",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {}}}\n"),
      "" },
    { "localities or zones, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {}, "
         "zoneAwareLbSetting: {}}}\n"),
      "6:34 error spec.trafficPolicy.loadBalancer.localityLbSetting: "
      "\"localityLbSetting\" and \"zoneAwareLbSetting\" exclude each other "
      "[IST0106]\n"
      "6:57 error spec.trafficPolicy.loadBalancer.zoneAwareLbSetting: "
      "\"localityLbSetting\" and \"zoneAwareLbSetting\" exclude each other "
      "[IST0106]\n" },
    { "a cluster of zones has a size",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {zoneAwareLbSetting: "
         "{minClusterSize: 4294967295}}}\n"),
      "" },
    { "a cluster of zones has a size, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {zoneAwareLbSetting: "
         "{minClusterSize: 4294967296}}}\n"),
      "6:71 error "
      "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.minClusterSize: "
      "wanted 1 to 4294967295, found 4294967296 [IST0106]\n" },
    { "shares add up",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b: 60, c: 40}}]}}}\n"),
      "" },
    { "shares add up, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b: 60, c: 50}}]}}}\n"),
      "6:82 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the "
      "shares must add up to 100, not 110 [IST0106]\n"
      "6:89 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the "
      "shares must add up to 100, not 110 [IST0106]\n" },
    { "shares are there",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[]}}}\n"),
      "" },
    { "shares are there, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a}]}}}\n"),
      "6:67 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the "
      "shares must add up to 100 [IST0106]\n" },
    { "a star stands at the end of a place",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: \"a/*\", to: {b: 100}}]}}}\n"),
      "" },
    { "a star stands at the end of a place, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: \"*/a\", to: {b: 100}}]}}}\n"),
      "6:74 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0]: a "
      "\"*\" stands at the end, once [IST0106]\n" },
    { "a place has all its parts",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a/b/c/d, to: {b: 100}}]}}}\n"),
      "" },
    { "a place has all its parts, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a//c, to: {b: 100}}]}}}\n"),
      "6:74 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0]: wanted "
      "region, region/zone or region/zone/subzone, found \"a//c\" "
      "[IST0106]\n" },
    { "a place comes from somewhere",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b: 100}}]}}}\n"),
      "" },
    { "a place comes from somewhere, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{to: {b: 100}}]}}}\n"),
      "6:67 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0]: wanted "
      "region, region/zone or region/zone/subzone, found \"\" [IST0106]\n" },
    { "places do not overlap",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a/b, to: {b: 100}}, {from: \"a/*\", to: {b: 100}}]}}}\n"),
      "" },
    { "places do not overlap, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: \"a/*\", to: {b: 100}}, {from: a/b, to: {b: 100}}]}}}\n"),
      "6:74 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[1]: "
      "\"a/*\" and \"a/b\" overlap [IST0106]\n"
      "6:103 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[1]: "
      "\"a/*\" and \"a/b\" overlap [IST0106]\n" },
    { "places to go do not overlap",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b/c: 50, b/d: 50}}]}}}\n"),
      "" },
    { "places to go do not overlap, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b: 50, b/d: 50}}]}}}\n"),
      "6:82 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: "
      "\"b\" and \"b/d\" overlap [IST0106]\n"
      "6:89 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: "
      "\"b\" and \"b/d\" overlap [IST0106]\n" },
    { "shares or failover",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [], "
         "failover: [{from: a, to: b}]}}}\n"),
      "" },
    { "shares or failover, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: "
         "[{from: a, to: {b: 100}}], failover: [{from: a, to: b}]}}}\n"),
      "6:54 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute: "
      "\"distribute\" and \"failover\" exclude each other [IST0106]\n"
      "6:93 error spec.trafficPolicy.loadBalancer.localityLbSetting.failover: "
      "\"distribute\" and \"failover\" exclude each other [IST0106]\n" },
    { "failover leads elsewhere",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a, to: b}]}}}\n"),
      "" },
    { "failover leads elsewhere, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a, to: a}, {}]}}}\n"),
      "6:72 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]: from and "
      "to must differ [IST0106]\n"
      "6:79 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]: from and "
      "to must differ [IST0106]\n"
      "6:83 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[1]: from and "
      "to must differ [IST0106]\n" },
    { "failover is of regions",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a, to: b}]}}}\n"),
      "" },
    { "failover is of regions, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a/b, to: \"*\"}]}}}\n"),
      "6:72 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0].from: "
      "wanted a region, without \"/\" and \"*\", found \"a/b\" [IST0106]\n"
      "6:81 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0].to: "
      "wanted a region, without \"/\" and \"*\", found \"*\" [IST0106]\n" },
    { "priorities are not those of failover",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a, to: b}], failoverPriority: [app]}}}\n"),
      "" },
    { "priorities are not those of failover, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: "
         "[{from: a, to: b}], failoverPriority: "
         "[topology.istio.io/subzone]}}}\n"),
      "6:54 error spec.trafficPolicy.loadBalancer.localityLbSetting: failover "
      "and the priority topology.istio.io/subzone exclude each other "
      "[IST0106]\n"
      "6:103 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority[0]: "
      "topology.istio.io/subzone is what the regions of failover order already "
      "[IST0106]\n" },
    { "priorities of zones are not of places",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {zoneAwareLbSetting: "
         "{failoverPriority: [app]}}}\n"),
      "" },
    { "priorities of zones are not of places, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {loadBalancer: {zoneAwareLbSetting: "
         "{failoverPriority: [topology.kubernetes.io/zone]}}}\n"),
      "6:74 error "
      "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.failoverPriority[0]: "
      "topology.kubernetes.io/zone is what the regions of failover order "
      "already [IST0106]\n" },
    { "mutual TLS has a certificate",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: a, "
         "privateKey: b}}\n"),
      "" },
    { "mutual TLS has a certificate, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: a}}\n"),
      "6:24 error spec.trafficPolicy.tls: MUTUAL needs clientCertificate and "
      "privateKey [IST0106]\n"
      "6:25 error spec.trafficPolicy.tls.mode: MUTUAL needs clientCertificate "
      "and privateKey [IST0106]\n" },
    { "a credential holds the rest",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, credentialName: a}}\n"),
      "" },
    { "a credential holds the rest, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, credentialName: a, caCrl: "
         "b}}\n"),
      "6:39 error spec.trafficPolicy.tls.credentialName: \"credentialName\" "
      "and \"caCrl\" exclude each other [IST0106]\n"
      "6:58 error spec.trafficPolicy.tls.caCrl: \"credentialName\" and "
      "\"caCrl\" exclude each other [IST0106]\n" },
    { "what the mode does not use is not judged",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, credentialName: a, "
         "caCrl: b}}\n"),
      "" },
    { "what the mode does not use is not judged, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: MUTUAL, credentialName: a, privateKey: "
         "b}}\n"),
      "6:39 error spec.trafficPolicy.tls.credentialName: \"credentialName\" "
      "and \"privateKey\" exclude each other [IST0106]\n"
      "6:58 error spec.trafficPolicy.tls.privateKey: \"credentialName\" and "
      "\"privateKey\" exclude each other [IST0106]\n" },
    { "the blind look at nothing",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}\n"),
      "" },
    { "the blind look at nothing, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, "
         "subjectAltNames: [a]}}\n"),
      "6:39 error spec.trafficPolicy.tls.insecureSkipVerify: "
      "\"insecureSkipVerify\" and \"subjectAltNames\" exclude each other "
      "[IST0106]\n"
      "6:65 error spec.trafficPolicy.tls.subjectAltNames: "
      "\"insecureSkipVerify\" and \"subjectAltNames\" exclude each other "
      "[IST0106]\n" },
    { "the blind have no authority",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: MUTUAL, insecureSkipVerify: true, "
         "credentialName: a}}\n"),
      "" },
    { "the blind have no authority, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, "
         "credentialName: a}}\n"),
      "6:39 error spec.trafficPolicy.tls.insecureSkipVerify: "
      "\"insecureSkipVerify\" and \"credentialName\" exclude each other "
      "[IST0106]\n"
      "6:65 error spec.trafficPolicy.tls.credentialName: "
      "\"insecureSkipVerify\" and \"credentialName\" exclude each other "
      "[IST0106]\n" },
    { "a ConfigMap is of the same namespace",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, credentialName: "
         "\"configmap://ns/a\"}}\n"),
      "" },
    { "a ConfigMap is of the same namespace, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {mode: SIMPLE, credentialName: "
         "\"configmap://x/a\"}}\n"),
      "6:55 error spec.trafficPolicy.tls.credentialName: wanted "
      "configmap://ns/NAME, of this namespace, found \"configmap://x/a\" "
      "[IST0106]\n" },
    { "null says nothing where it may",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {insecureSkipVerify: null}}\n"),
      "" },
    { "null says nothing where it may, and not so",
      DR("  host: a\n"
         "  trafficPolicy: {tls: {sni: null}}\n"),
      "6:25 error spec.trafficPolicy.tls.sni: may not be null [IST0106] (leave "
      "the field away)\n" },
};

static void judges_destination_rule(void **state)
{
    (void)state;
    SAY_ERRORS(destination_rule_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_destination_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
