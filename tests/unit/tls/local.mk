# tests/unit/tls: one program for each file of lib/tls
