# tests/unit/export: one program for each file of lib/export
