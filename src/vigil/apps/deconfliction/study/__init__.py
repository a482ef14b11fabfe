"""The study of other radii and buffers over a file or the opted-in past."""
