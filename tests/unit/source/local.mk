# tests/unit/source: one program for each file of lib/source
