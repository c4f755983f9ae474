# tests/unit/schema: one program for each file of lib/schema
