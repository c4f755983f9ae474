# tests/unit/authz: one program for each file of lib/authz
