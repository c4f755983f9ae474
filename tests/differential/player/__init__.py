"""Parts of the player; see ../README.md."""
