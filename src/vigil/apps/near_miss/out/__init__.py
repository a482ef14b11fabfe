"""What leaves the library: files, the roll-call sheet, the feed, the digest, and what people are told."""
