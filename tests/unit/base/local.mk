# tests/unit/base: one program for each file of lib/base
