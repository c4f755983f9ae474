# lib/policy: what it is made of
