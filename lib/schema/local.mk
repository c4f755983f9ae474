# lib/schema: what it is made of
