"""Jobs as strangers see them: found, paid, told to search engines and to readers of feeds."""
