# lib/policy: resources together, and the snapshot they compile to
libmesh_core_la_SOURCES += \
	lib/policy/act.c lib/policy/act.h lib/policy/actions.h \
	lib/policy/balancing.c lib/policy/balancing.h \
	lib/policy/codes.h \
	lib/policy/compile.c lib/policy/compile.h \
	lib/policy/delegate.c lib/policy/delegate.h \
	lib/policy/destination.c \
	lib/policy/edits.c lib/policy/edits.h \
	lib/policy/hashing.c lib/policy/hashing.h \
	lib/policy/hosts.c \
	lib/policy/inbound.c \
	lib/policy/judge.c lib/policy/judge.h \
	lib/policy/judge_act.c \
	lib/policy/judge_authz.c \
	lib/policy/judge_claims.c \
	lib/policy/judge_cover.c \
	lib/policy/judge_crowd.c \
	lib/policy/judge_entry.c \
	lib/policy/judge_gateway.c \
	lib/policy/judge_key.c \
	lib/policy/judge_match.c \
	lib/policy/judge_names.c \
	lib/policy/judge_registry.c \
	lib/policy/judge_rule.c \
	lib/policy/judge_selector.c \
	lib/policy/judge_service.c \
	lib/policy/judge_telemetry.c \
	lib/policy/judge_token.c \
	lib/policy/judge_virtual.c \
	lib/policy/locality.c \
	lib/policy/matchers.c lib/policy/matchers.h \
	lib/policy/mtls.c lib/policy/mtls.h \
	lib/policy/dns.c lib/policy/dns.h \
	lib/policy/names.c \
	lib/policy/outside.c \
	lib/policy/parts.h \
	lib/policy/hold.h lib/policy/policy.h \
	lib/policy/rbac.c \
	lib/policy/registry.c \
	lib/policy/retries.c lib/policy/retries.h \
	lib/policy/reuse.c \
	lib/policy/routes.c \
	lib/policy/rules.c lib/policy/rules.h \
	lib/policy/scope.c lib/policy/scope.h \
	lib/policy/self.c \
	lib/policy/snapshot.c lib/policy/snapshot.h \
	lib/policy/streams.c \
	lib/policy/text.c \
	lib/policy/upstream.c \
	lib/policy/virtual.c lib/policy/virtual.h \
	lib/policy/why.c lib/policy/why.h \
	lib/policy/workloads.c \
	lib/policy/world.c lib/policy/world.h
