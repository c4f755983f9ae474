# lib/http1: what it is made of
