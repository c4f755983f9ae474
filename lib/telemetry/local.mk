# lib/telemetry: what it is made of
