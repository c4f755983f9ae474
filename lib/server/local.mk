# lib/server: what it is made of
