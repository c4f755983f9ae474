# lib/link: what it is made of
