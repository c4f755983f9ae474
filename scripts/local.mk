# scripts: what is checked beside the test programs
dist_check_SCRIPTS =
script_checks += \
	scripts/selftest \
	scripts/check-floors \
	scripts/check-words \
	scripts/check-docs \
	scripts/check-abi \
	scripts/check-needed
dist_check_SCRIPTS += $(script_checks) scripts/check-man
EXTRA_DIST += scripts/bootstrap scripts/update-map scripts/lib/checks.py

# They look at what was built.
scripts/check-abi.log scripts/check-needed.log: libmesh.la
