# tests/unit/fetch: one program for each file of lib/fetch
