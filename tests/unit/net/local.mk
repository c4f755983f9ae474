# tests/unit/net: one program for each file of lib/net
