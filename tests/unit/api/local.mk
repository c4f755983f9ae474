# tests/unit/api: one program for each file of lib/api
