# examples: short programs that include nothing but <mesh/...>
noinst_PROGRAMS += \
	examples/client \
	examples/server \
	examples/echo \
	examples/plain_connect \
	examples/poll_client \
	examples/resp_client \
	examples/resp_server \
	examples/canary/api-gateway
examples_client_SOURCES = examples/client.c
examples_client_LDADD = $(MESH_LIBS)
examples_server_SOURCES = examples/server.c
examples_server_LDADD = $(MESH_LIBS)
examples_echo_SOURCES = examples/echo.c
examples_echo_LDADD = $(MESH_LIBS)
examples_poll_client_SOURCES = examples/poll_client.c
examples_poll_client_LDADD = $(MESH_LIBS)
examples_plain_connect_SOURCES = examples/plain_connect.c
examples_plain_connect_LDADD = $(MESH_LIBS)
examples_resp_client_SOURCES = examples/resp_client.c
examples_resp_client_LDADD = $(MESH_LIBS)
examples_resp_server_SOURCES = examples/resp_server.c
examples_canary_api_gateway_SOURCES = examples/canary/api-gateway.c
examples_canary_api_gateway_LDADD = $(MESH_LIBS) $(PTHREAD_LIBS)

# They are run for real, and so is every verb of lmesh.
example_checks = \
	examples/test_canary.sh \
	examples/test_client_server.sh \
	examples/test_echo.sh \
	examples/test_lmesh.sh \
	examples/test_plain_connect.sh \
	examples/test_poll_client.sh \
	examples/test_resp.sh
script_checks += $(example_checks)
EXTRA_DIST += \
	$(example_checks) \
	examples/common.sh \
	examples/cache/endpoints.yaml \
	examples/cache/services.yaml \
	examples/db/endpoints.yaml \
	examples/db/services.yaml \
	examples/canary/policy/api-gateway.yaml \
	examples/canary/policy/mesh.yaml \
	examples/canary/policy/payment-service.yaml \
	examples/canary/policy/peer-authentication.yaml \
	examples/canary/policy/topology.yaml \
	examples/canary/policy-fast/api-gateway.yaml \
	examples/canary/policy-fast/mesh.yaml \
	examples/canary/policy-fast/payment-service.yaml \
	examples/canary/policy-fast/peer-authentication.yaml \
	examples/canary/policy-fast/topology.yaml \
	examples/canary/tests.yaml
