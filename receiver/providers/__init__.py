"""What the receiver must know of each sender. A module here with a `PROVIDER` is one."""
