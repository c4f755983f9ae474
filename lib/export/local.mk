# lib/export: what it is made of
