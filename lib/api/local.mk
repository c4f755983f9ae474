# lib/api: what it is made of
