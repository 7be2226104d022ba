"""Copies of what is kept of a person: at once (Art. 20 GDPR), and in full (Art. 15)."""
