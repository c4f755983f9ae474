# tests/tool: what `lmesh test` says of policies and of its own files
tool_checks = \
	tests/tool/test_files.py \
	tests/tool/test_keys.py
script_checks += $(tool_checks)
EXTRA_DIST += $(tool_checks) tests/tool/policy.yaml
