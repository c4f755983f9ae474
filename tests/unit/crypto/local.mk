# tests/unit/crypto: one program for each file of lib/crypto
