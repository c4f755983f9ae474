# man: the pages, and what they are made from
dist_man_MANS += \
	man/libmesh.3 \
	man/lmesh.1 \
	man/lmesh-test.5 \
	man/mesh-policy.5 \
	man/mesh_call.3 \
	man/mesh_config.3 \
	man/mesh_conn.3 \
	man/mesh_decision.3 \
	man/mesh_diagnostics.3 \
	man/mesh_error.3 \
	man/mesh_identity.3 \
	man/mesh_loop.3 \
	man/mesh_server.3 \
	man/mesh_workload.3

dist_doc_DATA = \
	CHANGES.md \
	LICENSE \
	README.md \
	SECURITY.md \
	docs/differences.md \
	docs/fields.md

# Prints the rows of the schema tables; scripts/update-docs writes the pages.
noinst_PROGRAMS += man/fields
man_fields_SOURCES = man/fields.c
man_fields_LDADD = libmesh-core.la

script_checks += scripts/check-drift
EXTRA_DIST += \
	scripts/update-docs \
	scripts/lib/fields.py \
	scripts/lib/mdoc.py \
	scripts/lib/regions.py
