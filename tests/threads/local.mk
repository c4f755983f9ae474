# tests/threads
