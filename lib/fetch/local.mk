# lib/fetch: what it is made of
