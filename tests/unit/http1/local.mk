# tests/unit/http1: one program for each file of lib/http1
