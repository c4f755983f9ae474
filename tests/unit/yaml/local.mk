# tests/unit/yaml: one program for each file of lib/yaml
