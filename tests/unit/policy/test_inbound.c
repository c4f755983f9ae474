/*
 * test_inbound.c - does a workload serve its ports as its PeerAuthentications
 * and services say? And does it know who it is?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: "
    "8080}, {name: tcp, port: 90}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-1, namespace: prod}\n"
    "spec: {address: 10.0.0.1, ports: {http: 18080}, labels: {app: web, v: "
    "'1'}, serviceAccount: web, locality: eu/a}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-2, namespace: prod}\n"
    "spec: {address: 10.0.0.2, labels: {app: web, v: '2'}, serviceAccount: "
    "web}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-3, namespace: prod}\n"
    "spec: {address: 10.0.0.2, labels: {app: job}, serviceAccount: job}\n";

#define PEER(namespace, name, spec)                                            \
    "---\n"                                                                    \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: PeerAuthentication\n"                                               \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define ME     "ns=prod sa=web address=10.0.0.1"
#define ON_80  "web.prod.svc.cluster.local:80"
#define STRICT "{mtls: {mode: STRICT}}"
#define OFF    "{mtls: {mode: DISABLE}}"

static const struct yard_row ports[] = {
    { "a workload's ports are those of the services that select it", ME, NULL,
      "inbound 0 auto permissive :0 @ -\n"
      "inbound 90 tcp permissive web.prod.svc.cluster.local:90 @ -\n"
      "inbound 18080 http permissive " ON_80 " @ -\n"
      "!inbound 8080 http permissive " ON_80 " @ -" },
    { "another workload, another port", "ns=prod sa=web address=10.0.0.2", NULL,
      "inbound 8080 http permissive " ON_80 " @ -" },
    { "no service selects it", "ns=prod sa=job address=10.0.0.2", NULL,
      "inbound 0 auto permissive :0 @ -\n"
      "!inbound 8080 http permissive " ON_80 " @ -" },
    { "without an address those with its labels and account tell",
      "ns=prod sa=web labels=app=web,v=1", NULL,
      "inbound 18080 http permissive " ON_80 " @ -" },
    { "nobody like it: what the service says", "ns=prod sa=x labels=app=web",
      NULL, "inbound 8080 http permissive " ON_80 " @ -" },
    { "in another namespace it is none of the service's",
      "ns=dev sa=web labels=app=web,v=1", NULL,
      "!inbound 8080 http permissive " ON_80 " @ -" },
};

static const struct yard_row modes[] = {
    { "the mesh's", ME, PEER("istio-system", "p", STRICT),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication istio-system/p (row.yaml:5)\n"
      "inbound 0 auto strict :0 @ PeerAuthentication istio-system/p "
      "(row.yaml:5)" },
    { "the namespace's before the mesh's", ME,
      PEER("istio-system", "p", STRICT) PEER("prod", "q", OFF),
      "inbound 18080 http disable " ON_80
      " @ PeerAuthentication prod/q (row.yaml:10)" },
    { "the workload's before the namespace's", ME,
      PEER("prod", "p", STRICT)
          PEER("prod", "q",
               "{selector: {matchLabels: {v: '1'}}, mtls: {mode: DISABLE}}"),
      "inbound 18080 http disable " ON_80
      " @ PeerAuthentication prod/q (row.yaml:10)" },
    { "not another workload's", ME,
      PEER("prod", "p", STRICT)
          PEER("prod", "q",
               "{selector: {matchLabels: {v: '2'}}, mtls: {mode: DISABLE}}"),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication prod/p (row.yaml:5)" },
    { "UNSET leaves it to whoever is above", ME,
      PEER("istio-system", "p", STRICT)
          PEER("prod", "q", "{mtls: {mode: UNSET}}"),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication istio-system/p (row.yaml:5)" },
    { "a port of a workload", ME,
      PEER("prod", "p",
           "{selector: {matchLabels: {v: '1'}}, mtls: {mode: STRICT}, "
           "portLevelMtls: {18080: {mode: DISABLE}, 7: {mode: PERMISSIVE}}}"),
      "inbound 18080 http disable " ON_80
      " @ PeerAuthentication prod/p (row.yaml:5)\n"
      "inbound 90 tcp strict web.prod.svc.cluster.local:90 @ "
      "PeerAuthentication prod/p (row.yaml:5)\n"
      "inbound 7 auto permissive :0 @ PeerAuthentication prod/p (row.yaml:5)" },
    { "an unset port has the workload's mode", ME,
      PEER("prod", "p",
           "{selector: {matchLabels: {v: '1'}}, mtls: {mode: STRICT}, "
           "portLevelMtls: {18080: {mode: UNSET}}}"),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication prod/p (row.yaml:5)" },
    { "of two in one scope the first by name", ME,
      PEER("prod", "b", OFF) PEER("prod", "a", STRICT),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication prod/a (row.yaml:10)" },
    { "a selector in the root namespace is ignored", ME,
      PEER("istio-system", "p",
           "{selector: {matchLabels: {v: '1'}}, mtls: {mode: STRICT}}"),
      "inbound 18080 http permissive " ON_80 " @ -" },
    { "the root namespace may have another name", ME,
      "rootNamespace: top\n" PEER("top", "p", STRICT),
      "inbound 18080 http strict " ON_80
      " @ PeerAuthentication top/p (row.yaml:6)" },
};

static const struct yard_row selves[] = {
    { "its WorkloadEntry says the rest", ME, NULL,
      "self prod/web-1 account=web domain=cluster.local address=10.0.0.1 "
      "locality=eu/a labels=app=web,v=1" },
    { "the entry has to have its account", "ns=prod sa=job address=10.0.0.1",
      NULL,
      "self prod/job account=job domain=cluster.local address=10.0.0.1 "
      "locality= labels=?" },
    { "what is set counts more", ME " labels=a=b locality=us", NULL,
      "self prod/web-1 account=web domain=cluster.local address=10.0.0.1 "
      "locality=us labels=a=b" },
    { "set to nothing is set", "ns=prod labels=", NULL,
      "self prod/ account= domain=cluster.local address= locality= labels=" },
    { "no namespace is default", "sa=x", NULL,
      "self default/x account=x domain=cluster.local address= locality= "
      "labels=?" },
    { "the trust domain is its own where the policy names none",
      "ns=prod td=example.org", NULL, "trust example.org" },
    { "an alias of the policy's may be its own", "ns=prod td=old",
      "trustDomain: new\ntrustDomainAliases: [old]\n",
      "trust new old\n"
      "self prod/ account= domain=old address= locality= labels=?" },
    { "any other is a contradiction", "ns=prod td=old", "trustDomain: new\n",
      "refused: the policy's trust domain is new, the workload's is old" },
    { "labels that a selector asks for have to be known", "ns=prod sa=web",
      PEER("prod", "p",
           "{selector: {matchLabels: {v: '1'}}, mtls: {mode: "
           "STRICT}}"),

      "refused: PeerAuthentication prod/p (row.yaml:2) selects by labels, and "
      "this "
      "workload's are not known" },
    { "nothing need be known where no selector asks", "ns=dev sa=web",
      PEER("prod", "p",
           "{selector: {matchLabels: {v: '1'}}, mtls: {mode: "
           "STRICT}}"),
      "inbound 0 auto permissive :0 @ -" },
    { "an address that two entries share, with other labels, says nothing",
      "ns=prod sa=web address=10.0.0.1",
      "apiVersion: networking.istio.io/v1\n"
      "kind: WorkloadEntry\n"
      "metadata: {name: web-9, namespace: prod}\n"
      "spec: {address: 10.0.0.1, labels: {app: x}, serviceAccount: web}\n" PEER(
          "prod", "p",
          "{selector: {matchLabels: {v: '1'}}, mtls: {mode: "
          "STRICT}}"),
      "refused: are not clear" },
    { "an AuthorizationPolicy of the root asks everybody", "ns=dev sa=web",
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, namespace: istio-system}\n"
      "spec: {selector: {matchLabels: {v: '1'}}}\n",
      "refused: AuthorizationPolicy istio-system/a (row.yaml:1) selects" },
    { "so do a route's sourceLabels", "ns=dev sa=web",
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {hosts: [web], http: [{match: [{sourceLabels: {a: b}}], route: "
      "[{destination: {host: web}}]}]}\n",
      "refused: VirtualService prod/a (row.yaml:1) selects" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void which_ports_it_has(void **state)
{
    (void)state;
    CHECK(ports);
}

static void how_they_are_guarded(void **state)
{
    (void)state;
    CHECK(modes);
}

static void who_it_is(void **state)
{
    (void)state;
    CHECK(selves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_ports_it_has),
        cmocka_unit_test(how_they_are_guarded),
        cmocka_unit_test(who_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
