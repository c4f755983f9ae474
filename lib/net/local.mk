# lib/net: what it is made of
