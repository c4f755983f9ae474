# lib/identity: what it is made of
