# tests/unit/client: one program for each file of lib/client
