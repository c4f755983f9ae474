# tests/unit/server: one program for each file of lib/server
