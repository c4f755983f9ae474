# tests/unit/value: one program for each file of lib/value
