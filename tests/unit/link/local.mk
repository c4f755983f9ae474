# tests/unit/link: one program for each file of lib/link
