"""Parts of the recorder; see ../README.md."""
