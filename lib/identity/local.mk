# identity: credentials, trust bundles, the judge of peers, the development CA
libmesh_core_la_SOURCES += \
	lib/identity/bundle.c lib/identity/bundle.h \
	lib/identity/ca.c lib/identity/ca.h \
	lib/identity/credential.c lib/identity/credential.h \
	lib/identity/outside.c lib/identity/outside.h \
	lib/identity/outsides.c lib/identity/outsides.h \
	lib/identity/peer.c lib/identity/peer.h \
	lib/identity/store.c lib/identity/store.h \
	lib/identity/svid.c lib/identity/svid.h
