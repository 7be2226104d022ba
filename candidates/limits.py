"""What strangers may try how often; see docs/how-it-works.md."""
