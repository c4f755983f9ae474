# tests/unit/traffic: one program for each file of lib/traffic
