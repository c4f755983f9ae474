/*
 * test_proxies.c - ProxyConfig and PeerAuthentication: what Istio rejects, and
 * where we say so.
 */
#include "say.h"

#define PC(text)                                                               \
    "apiVersion: networking.istio.io/v1beta1\n"                                \
    "kind: ProxyConfig\n"                                                      \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text
#define PA(text)                                                               \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: PeerAuthentication\n"                                               \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text
#define X64   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256  X64 X64 X64 X64
#define X2048 X256 X256 X256 X256 X256 X256 X256 X256

static const struct say_row proxyconfig[] = {
    { "all of it",
      PC("  selector: {matchLabels: {a: b}}\n"
         "  concurrency: 2\n"
         "  environmentVariables: {A: b}\n"
         "  image: {imageType: distroless}\n"),
      "" },
    { "0 is all cores", PC("  concurrency: 0\n"), "" },
    { "null is none", PC("  concurrency: null\n"), "" },
    { "fewer than none", PC("  concurrency: -1\n"),
      "5:16 error spec.concurrency: wanted at least 0, found -1 [IST0106]\n" },
    { "text is no number", PC("  concurrency: \"2\"\n"),
      "5:16 error spec.concurrency: wanted a whole number, found the string "
      "\"2\" [IST0106] (leave the quotes away)\n" },
    { "variables are text", PC("  environmentVariables: {A: 1}\n"),
      "5:29 error spec.environmentVariables[A]: wanted a string, found the "
      "number 1 [IST0106] (quote it: \"1\")\n" },
    { "variables are short", PC("  environmentVariables: {A: " X2048 "x}\n"),
      "5:29 error spec.environmentVariables[A]: wanted at most 2048 "
      "characters, found 2049 [IST0106]\n" },
    { "a selector takes whole names",
      PC("  selector: {matchLabels: {a: \"b*\"}}\n"),
      "5:28 error spec.selector[a]: a selector takes whole names and values: "
      "no \"*\", no empty name [IST0106]\n" },
};

static const struct say_row peerauthentication[] = {
    { "nothing inherits", PA("  {}\n"), "" },
    { "modes are known", PA("  mtls: {mode: STRIKT}\n"),
      "5:16 error spec.mtls.mode: wanted one of UNSET, DISABLE, PERMISSIVE, "
      "STRICT, found \"STRIKT\" [IST0106] (did you mean \"STRICT\"?)\n" },
    { "ports beside a selector",
      PA("  selector: {matchLabels: {a: b}}\n"
         "  portLevelMtls: {80: {mode: DISABLE}, \"81\": {}}\n"),
      "" },
    { "ports need a selector", PA("  portLevelMtls: {80: {mode: DISABLE}}\n"),
      "5:3 error spec: portLevelMtls needs a selector with labels [IST0106]\n"
      "5:3 error spec.portLevelMtls: portLevelMtls needs a selector with "
      "labels [IST0106]\n" },
    { "a selector with labels",
      PA("  selector: {matchLabels: {}}\n"
         "  portLevelMtls: {80: {mode: DISABLE}}\n"),
      "5:3 error spec.selector: portLevelMtls needs a selector with labels "
      "[IST0106]\n"
      "5:13 error spec: portLevelMtls needs a selector with labels [IST0106]\n"
      "5:27 error spec: portLevelMtls needs a selector with labels [IST0106]\n"
      "6:3 error spec.portLevelMtls: portLevelMtls needs a selector with "
      "labels [IST0106]\n" },
    { "at least one port",
      PA("  selector: {matchLabels: {a: b}}\n"
         "  portLevelMtls: {}\n"),
      "6:18 error spec: portLevelMtls may not be empty [IST0106]\n" },
    { "ports are numbers",
      PA("  selector: {matchLabels: {a: b}}\n"
         "  portLevelMtls: {http: {}, 0: {}, 65536: {}, \"080\": {}}\n"),
      "6:19 error spec.portLevelMtls[http]: wanted a port from 1 to 65535, "
      "found \"http\" [IST0106]\n"
      "6:29 error spec.portLevelMtls[0]: wanted a port from 1 to 65535, found "
      "\"0\" [IST0106]\n"
      "6:36 error spec.portLevelMtls[65536]: wanted a port from 1 to 65535, "
      "found \"65536\" [IST0106]\n"
      "6:47 error spec.portLevelMtls[080]: wanted a port from 1 to 65535, "
      "found \"080\" [IST0106]\n" },
    { "0x50 is the port 80",
      PA("  selector: {matchLabels: {a: b}}\n"
         "  portLevelMtls: {0x50: {}}\n"),
      "" },
};

static void judges_proxyconfig(void **state)
{
    (void)state;
    SAY_ERRORS(proxyconfig);
}

static void judges_peerauthentication(void **state)
{
    (void)state;
    SAY_ERRORS(peerauthentication);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_proxyconfig),
        cmocka_unit_test(judges_peerauthentication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
