"""How each kind of picture is built: where its size stands, and where it ends."""
