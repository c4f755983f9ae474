# lib/crypto: what it is made of
