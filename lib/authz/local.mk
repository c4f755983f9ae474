# lib/authz: what it is made of
