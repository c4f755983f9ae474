# lib/policy: resources together, and the snapshot they compile to
libmesh_core_la_SOURCES += \
	lib/policy/codes.h \
	lib/policy/compile.c lib/policy/compile.h \
	lib/policy/destination.c \
	lib/policy/inbound.c \
	lib/policy/judge.c lib/policy/judge.h \
	lib/policy/judge_rule.c \
	lib/policy/judge_virtual.c \
	lib/policy/judge_workload.c \
	lib/policy/matchers.c lib/policy/matchers.h \
	lib/policy/mtls.c lib/policy/mtls.h \
	lib/policy/names.c lib/policy/names.h \
	lib/policy/outside.c \
	lib/policy/parts.h \
	lib/policy/hold.h lib/policy/policy.h \
	lib/policy/rbac.c \
	lib/policy/registry.c \
	lib/policy/retries.c lib/policy/retries.h \
	lib/policy/reuse.c \
	lib/policy/routes.c \
	lib/policy/rules.c lib/policy/rules.h \
	lib/policy/self.c \
	lib/policy/snapshot.c lib/policy/snapshot.h \
	lib/policy/text.c \
	lib/policy/virtual.c \
	lib/policy/why.c lib/policy/why.h \
	lib/policy/workloads.c \
	lib/policy/world.c lib/policy/world.h
