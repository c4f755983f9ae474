# tests/unit/identity: one program for each file of lib/identity
