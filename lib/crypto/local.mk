# crypto: keys, certificates, digests over mbedTLS
libmesh_core_la_SOURCES += \
	lib/crypto/issue.c lib/crypto/issue.h \
	lib/crypto/key.c \
	lib/crypto/mbed.c lib/crypto/mbed.h \
	lib/crypto/names.c \
	lib/crypto/pem.c lib/crypto/pem.h \
	lib/crypto/rng.c lib/crypto/rng.h \
	lib/crypto/verify.c \
	lib/crypto/x509.c lib/crypto/x509.h
