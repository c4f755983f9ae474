# lib/source: what it is made of
