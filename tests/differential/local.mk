# tests/differential
