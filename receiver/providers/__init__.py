"""Rules of each sender. A module here with a `PROVIDER` is one."""
