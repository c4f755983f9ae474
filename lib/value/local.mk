# lib/value: what it is made of
