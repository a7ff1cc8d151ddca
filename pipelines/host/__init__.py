"""Services of this machine: file locks, child processes, supervision, pre-flight checks, terminal output."""
