# lib/traffic: what it is made of
