/*
 * test_tokens.c - RequestAuthentication: what Istio rejects, and where we say
 * so.
 */
#include "say.h"

#define RA(text)                                                               \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: RequestAuthentication\n"                                            \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text

static const struct say_row rules[] = {
    { "an issuer is enough", RA("  jwtRules: [{issuer: a}]\n"), "" },
    { "so are keys", RA("  jwtRules: [{jwksUri: \"https://a\"}]\n"), "" },
    { "one of them is required", RA("  jwtRules: [{}]\n"),
      "5:14 error spec.jwtRules[0]: issuer or jwksUri is required "
      "[IST0106]\n" },
    { "keys alone do not do", RA("  jwtRules: [{jwks: \"{}\"}]\n"),
      "5:14 error spec.jwtRules[0]: issuer or jwksUri is required [IST0106]\n"
      "5:21 error spec.jwtRules[0].jwks: kty: wanted RSA, EC, OKP or oct "
      "[IST0106]\n" },
    { "an issuer has a name", RA("  jwtRules: [{issuer: \"\"}]\n"),
      "5:14 error spec.jwtRules[0]: issuer or jwksUri is required [IST0106]\n"
      "5:23 error spec.jwtRules[0].issuer: may not be empty [IST0106]\n" },
    { "keys come from one place",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": []}\", jwksUri: "
         "\"http://a\"}]\n"),
      "5:26 error spec.jwtRules[0].jwks: \"jwks\" and \"jwksUri\" exclude each "
      "other [IST0106]\n"
      "5:50 error spec.jwtRules[0].jwksUri: \"jwks\" and \"jwksUri\" exclude "
      "each other [IST0106]\n" },
    { "nor in two spellings",
      RA("  jwtRules: [{issuer: a, jwks_uri: \"http://a\", jwksUri: "
         "\"http://a\"}]\n"),
      "5:26 error spec.jwtRules[0].jwks_uri: \"jwksUri\" and \"jwks_uri\" "
      "exclude each other [IST0106]\n"
      "5:48 error spec.jwtRules[0].jwksUri: \"jwksUri\" and \"jwks_uri\" "
      "exclude each other [IST0106]\n" },
    { "audiences have names",
      RA("  jwtRules: [{issuer: a, audiences: [\"\"]}]\n"),
      "5:38 error spec.jwtRules[0].audiences[0]: may not be empty "
      "[IST0106]\n" },
    { "places have names",
      RA("  jwtRules: [{issuer: a, fromParams: [\"\"], fromCookies: [\"\"], "
         "fromHeaders: [{name: \"\"}]}]\n"),
      "5:39 error spec.jwtRules[0].fromParams[0]: may not be empty [IST0106]\n"
      "5:58 error spec.jwtRules[0].fromCookies[0]: may not be empty [IST0106]\n"
      "5:84 error spec.jwtRules[0].fromHeaders[0].name: may not be empty "
      "[IST0106]\n" },
    { "a header needs one",
      RA("  jwtRules: [{issuer: a, fromHeaders: [{prefix: x}]}]\n"),
      "5:40 error spec.jwtRules[0].fromHeaders[0]: \"name\" is required "
      "[IST0106]\n" },
    { "claims go to headers",
      RA("  jwtRules: [{issuer: a, outputClaimToHeaders: [{header: x-a_1, "
         "claim: b}]}]\n"),
      "" },
    { "headers are spelt",
      RA("  jwtRules: [{issuer: a, outputClaimToHeaders: [{header: \"x a\", "
         "claim: b}]}]\n"),
      "5:58 error spec.jwtRules[0].outputClaimToHeaders[0].header: wanted "
      "letters, digits, \"-\" and \"_\", found \"x a\" [IST0106]\n" },
    { "both are required",
      RA("  jwtRules: [{issuer: a, outputClaimToHeaders: [{header: \"\"}]}]\n"),
      "5:49 error spec.jwtRules[0].outputClaimToHeaders[0]: \"claim\" is "
      "required [IST0106]\n"
      "5:58 error spec.jwtRules[0].outputClaimToHeaders[0].header: may not be "
      "empty [IST0106]\n" },
    { "claims with spaces",
      RA("  jwtRules: [{issuer: a, spaceDelimitedClaims: [a, \"\"]}]\n"),
      "5:52 error spec.jwtRules[0].spaceDelimitedClaims[1]: may not be empty "
      "[IST0106]\n" },
    { "a timeout", RA("  jwtRules: [{issuer: a, timeout: 5s}]\n"), "" },
    { "a timeout of nothing", RA("  jwtRules: [{issuer: a, timeout: 0s}]\n"),
      "5:35 error spec.jwtRules[0].timeout: wanted a duration of 1ms or more, "
      "found \"0s\" [IST0106]\n" },
    { "one scope only",
      RA("  selector: {}\n"
         "  targetRef: {kind: Service, name: a}\n"),
      "5:3 error spec.selector: \"selector\" and \"targetRef\" exclude each "
      "other [IST0106]\n"
      "6:3 error spec.targetRef: \"selector\" and \"targetRef\" exclude each "
      "other [IST0106]\n" },
};

static const struct say_row addresses_of_keys[] = {
    { "http", RA("  jwtRules: [{jwksUri: \"http://a\"}]\n"), "" },
    { "https in capitals, with a port",
      RA("  jwtRules: [{jwksUri: \"HTTPS://a:443/x?y#z\"}]\n"), "" },
    { "an address of IPv6",
      RA("  jwtRules: [{jwksUri: \"http://[::1]:80\"}]\n"), "" },
    { "another scheme", RA("  jwtRules: [{jwksUri: \"ftp://a\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"ftp://a\" [IST0106]\n" },
    { "no scheme", RA("  jwtRules: [{jwksUri: \"a\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"a\" [IST0106]\n" },
    { "a port that is none", RA("  jwtRules: [{jwksUri: \"http://a:b\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a:b\" [IST0106]\n" },
    { "two ports", RA("  jwtRules: [{jwksUri: \"http://a:1:2\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a:1:2\" [IST0106]\n" },
    { "a half bracket", RA("  jwtRules: [{jwksUri: \"http://[::1\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://[::1\" [IST0106]\n" },
    { "an address of IPv4 in brackets",
      RA("  jwtRules: [{jwksUri: \"http://[1.2.3.4]\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://[1.2.3.4]\" [IST0106]\n" },
    { "a space", RA("  jwtRules: [{jwksUri: \"http://a b\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a b\" [IST0106]\n" },
    { "a bad escape", RA("  jwtRules: [{jwksUri: \"http://a/%zz\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a/%zz\" [IST0106]\n" },
    { "an escape in a host", RA("  jwtRules: [{jwksUri: \"http://a%20b\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a%20b\" [IST0106]\n" },
    { "a line end", RA("  jwtRules: [{jwksUri: \"http://a\\n\"}]\n"),
      "5:24 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"http://a?\" [IST0106]\n" },
};

static const struct say_row keys[] = {
    { "a set", RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": []}\"}]\n"),
      "" },
    { "one key",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"kty\\\": \\\"oct\\\", "
         "\\\"k\\\": \\\"AA\\\"}\"}]\n"),
      "" },
    { "no JSON", RA("  jwtRules: [{issuer: a, jwks: \"x\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: wanted a JSON Web Key Set, such as "
      "{\"keys\": [...]} [IST0106]\n" },
    { "no object", RA("  jwtRules: [{issuer: a, jwks: \"[]\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: wanted a JSON Web Key Set, such as "
      "{\"keys\": [...]} [IST0106]\n" },
    { "nothing in it", RA("  jwtRules: [{issuer: a, jwks: \"{}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: kty: wanted RSA, EC, OKP or oct "
      "[IST0106]\n" },
    { "keys are a list",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": {}}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys: wanted a list [IST0106]\n" },
    { "a key has a type",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].kty: wanted RSA, EC, OKP or "
      "oct [IST0106]\n" },
    { "types are known",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"rsa\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].kty: wanted RSA, EC, OKP or "
      "oct [IST0106]\n" },
    { "RSA",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"RSA\\\", \\\"e\\\": \\\"AQAB\\\", \\\"n\\\": "
         "\\\"xAE7\\\"}]}\"}]\n"),
      "" },
    { "RSA needs both",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"RSA\\\", \\\"e\\\": \\\"AQAB\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].n: is missing [IST0106]\n" },
    { "RSA, private",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"RSA\\\", \\\"e\\\": \\\"AQAB\\\", \\\"n\\\": \\\"xAE7\\\", "
         "\\\"d\\\": \\\"AA\\\", \\\"p\\\": \\\"!\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].p: wanted base64 "
      "[IST0106]\n" },
    { "EC needs a curve",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"EC\\\", \\\"x\\\": \\\"AA\\\", \\\"y\\\": \\\"AA\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].crv: is missing [IST0106]\n" },
    { "OKP has one number",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"OKP\\\", \\\"crv\\\": \\\"Ed25519\\\", \\\"x\\\": "
         "\\\"AA\\\"}]}\"}]\n"),
      "" },
    { "numbers are base64",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"RSA\\\", \\\"e\\\": \\\"A\\\", \\\"n\\\": \\\"xAE7\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].e: wanted base64 "
      "[IST0106]\n" },
    { "of one alphabet",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"+_AA\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].k: wanted base64 "
      "[IST0106]\n" },
    { "padded or not",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"AA==\\\"}]}\"}]\n"),
      "" },
    { "not half",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"AA=\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].k: wanted base64 "
      "[IST0106]\n" },
    { "certificates are some",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"AA\\\", \\\"x5c\\\": "
         "[\\\"AAAA\\\"]}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].x5c: wanted certificates in "
      "base64 [IST0106]\n" },
    { "what it is for is a list",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"AA\\\", \\\"key_ops\\\": "
         "\\\"sign\\\"}]}\"}]\n"),
      "5:32 error spec.jwtRules[0].jwks: keys[0].key_ops: wanted a list of "
      "strings [IST0106]\n" },
    { "the rest is not looked at",
      RA("  jwtRules: [{issuer: a, jwks: \"{\\\"keys\\\": [{\\\"kty\\\": "
         "\\\"oct\\\", \\\"k\\\": \\\"AA\\\", \\\"x\\\": {\\\"y\\\": [1, "
         "null]}}], \\\"z\\\": 1} and more\"}]\n"),
      "" },
};

static void judges_rules(void **state)
{
    (void)state;
    SAY_ERRORS(rules);
}

static void judges_addresses_of_keys(void **state)
{
    (void)state;
    SAY_ERRORS(addresses_of_keys);
}

static void judges_keys(void **state)
{
    (void)state;
    SAY_ERRORS(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_rules),
        cmocka_unit_test(judges_addresses_of_keys),
        cmocka_unit_test(judges_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
