# tests/unit/telemetry: one program for each file of lib/telemetry
