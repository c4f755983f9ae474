# lib/yaml: what it is made of
