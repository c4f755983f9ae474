# lib/tls: what it is made of
