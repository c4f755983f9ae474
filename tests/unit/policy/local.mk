# tests/unit/policy: one program for each file of lib/policy
