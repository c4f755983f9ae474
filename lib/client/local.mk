# lib/client: what it is made of
