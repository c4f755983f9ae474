# scripts: what runs beside the test programs
EXTRA_DIST += scripts/bootstrap
