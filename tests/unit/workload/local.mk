# tests/unit/workload: one program for each file of lib/workload
